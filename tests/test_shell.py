import shlex
import subprocess

import pytest

from dlss_tf import shell

WORDS = ["pip", "install", "onnx>=1.16,<1.19", "rosettasciio[hdf5]", "my scan.dm4", "C:\\scans\\a.dm4", "it's", "µ-5"]


def test_a_posix_shell_takes_the_words_apart_again():
    assert shlex.split(shell.join(WORDS, windows=False)) == WORDS


def test_windows_knows_no_single_quotes_and_redirects_what_has_no_double_ones():
    joined = shell.join(WORDS, windows=True)
    assert joined == ('pip install "onnx>=1.16,<1.19" "rosettasciio[hdf5]" "my scan.dm4" C:\\scans\\a.dm4 "it\'s" µ-5')


@pytest.mark.parametrize("word", ['say "this"', "C:\\my scans\\", "a\\\\b c", 'a\\"b', "x y\\\\"])
def test_quotes_and_backslashes_are_escaped_as_windows_programs_expect_it(word):
    """As Python's own for what has a space in it; it quotes no others."""
    assert shell.quote(word, windows=True) == subprocess.list2cmdline([f"{word} "])[:-2] + '"' or " " in word
    if " " in word:
        assert shell.quote(word, windows=True) == subprocess.list2cmdline([word])
