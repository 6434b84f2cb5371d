import pytest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate", "--weights", "{}/none", "--data", "{}"], "expected a run directory, or a pretrained generator"),
        (["evaluate", "--weights", "{}", "--data", "{}"], "config.json: expected a run's configuration"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)
