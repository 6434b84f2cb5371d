import pytest

from dlss_tf.errors import InputError, reason, sentence


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
