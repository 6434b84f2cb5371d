import pytest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "--weights", "{}/none", "--out", "{}"], "expected a run directory"),
        (["export", "--weights", "{}", "--out", "{}", "--size", "7"], "size: expected a multiple of 32"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)
