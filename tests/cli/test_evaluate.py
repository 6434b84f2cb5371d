import pytest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate", "--weights", "{}/none", "--data", "{}"], "expected a run directory or a pretrained generator"),
        (["evaluate", "--weights", "{}", "--data", "{}"], "config.json: expected a run's configuration, found nothing"),
        (["evaluate", "--data", "{}", "--limit", "0"], "--limit: expected a whole number, 1 or more, found 0"),
        (["evaluate", "--data", "{}", "--sheet-images", "-1"], "--sheet-images: expected a whole number, 0 or more"),
        (["evaluate", "--data", "{}", "--factor", "4,17"], "--factor: expected a whole number from 2 to 16, found 17"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)
