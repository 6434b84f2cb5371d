import pytest

from dlss_tf.errors import InputError, gathered, reason, sentence, shown, warn


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InputError("a.tif: expected better"), "a.tif: expected better"),
        (OSError(28, "No space left on device", "/tmp/.x.part"), "No space left on device"),
        (OSError("Can't write data\nmore"), "OSError: Can't write data"),
        (ValueError("first\nsecond"), "ValueError: first"),
        (KeyError("a"), "KeyError: 'a'"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_reasons_are_one_line(error, text):
    assert reason(error) == text


def test_any_exception_is_a_sentence_that_names_its_source():
    assert sentence("a.tif", InputError("a.tif: expected better")) == "a.tif: expected better"
    assert sentence("a.tif", MemoryError()) == "a.tif: expected to be done, found MemoryError"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("scan 5 µm Å 走査.dm4", "scan 5 µm Å 走査.dm4"),
        ("\x1b[31mred\x9b0m\x07\x7f", r"\x1b[31mred\x9b0m\x07\x7f"),
        ("a\nb\r\tc\u2028d", r"a\nb\r\tc\u2028d"),
        ("fit.\u202eexe", r"fit.\u202eexe"),  # which would be shown from right to left
        ("\udcfe.hspy", r"\udcfe.hspy"),
        (5, "5"),
    ],
)
def test_what_is_shown_does_nothing_to_a_terminal(text, line):
    assert shown(text) == line == shown(line)
    assert str(InputError(f"{text}: bad")) == f"{line}: bad"
    assert sentence(text, MemoryError()) == f"{line}: expected to be done, found MemoryError"
    with pytest.warns(UserWarning) as warned:
        warn(f"{text}: odd")
    assert str(warned[0].message) == f"{line}: odd" and warned[0].filename == __file__
    assert reason(ValueError("\x1b[2J")) == r"ValueError: \x1b[2J"


def test_warnings_may_be_gathered_instead(recwarn):
    with gathered() as sentences:
        warn("scan\x1b[2J is odd")
    assert sentences == [r"scan\x1b[2J is odd"] and not recwarn.list
    warn("another")
    assert [str(each.message) for each in recwarn.list] == ["another"]
