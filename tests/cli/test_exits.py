import io
import warnings

from dlss_tf import cli
from dlss_tf.cli import exits
from dlss_tf.cli.exits import FAILED
from dlss_tf.errors import InputError


def test_statuses_are_as_documented():
    assert (exits.USAGE, exits.FAILED, exits.INTERRUPTED) == (2, 3, 130)


def test_status_of_a_command_that_ends_otherwise(capsys):
    def interrupted():
        raise KeyboardInterrupt

    assert cli.status("job", interrupted) == 130
    assert cli.status("job", lambda: warnings.warn("careful", stacklevel=1)) == 0
    assert cli.status("job", lambda: 7) == 7
    assert capsys.readouterr().err == "job: interrupted\njob: warning: careful\n"


def test_a_bad_source_does_not_stop_the_others(capsys):
    done = []

    def do(source):
        if source == "b":
            raise InputError("b: expected better")
        done.append(source)

    assert exits.each("abc", do) == FAILED and done == ["a", "c"]
    assert capsys.readouterr().err == "dlss-tf: b: expected better\n"
    assert exits.each("ac", do) == 0


def test_nor_does_anything_else_that_is_raised(capsys):
    done = []

    def do(source):
        if source == "b":
            raise MemoryError
        done.append(source)

    assert exits.each("abc", do) == FAILED and done == ["a", "c"]
    assert capsys.readouterr().err == "dlss-tf: b: expected to be done, found MemoryError\n"


def test_parts_of_a_file_are_named_by_it(capsys):
    def fail(part):
        raise MemoryError

    assert exits.each([(1, "1-BF-")], fail, "scan.emd") == FAILED
    assert capsys.readouterr().err == "dlss-tf: scan.emd: expected to be done, found MemoryError\n"


def test_nothing_does_anything_to_the_terminal(capsys):
    assert cli.status("job", lambda: warnings.warn("\x1b[2Jcareful", stacklevel=1)) == 0
    assert exits.each(["\x1b]0;a\x07.tif"], lambda source: 1 / 0) == FAILED
    assert capsys.readouterr().err == (
        "job: warning: \\x1b[2Jcareful\ndlss-tf: \\x1b]0;a\\x07.tif: expected to be done, found ZeroDivisionError: "
        "division by zero\n"
    )


def test_what_the_encoding_of_the_output_lacks_is_escaped(monkeypatch):
    for encoding, shown in (("cp1252", b"\\u03a9 \xb5\n"), ("ascii", b"\\u03a9 \\xb5\n")):
        raw = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding, newline="\n", write_through=True))
        assert cli.status("job", lambda: print("Ω µ")) == 0
        assert raw.getvalue() == shown
