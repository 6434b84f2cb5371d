import pytest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "--run", "{}/run", "--set", "width"], "--set: expected NAME=VALUE, found 'width'"),
        (["train", "--run", "{}/run", "--set", "colour=red"], "unknown field 'colour'"),
        (["train", "--run", "{}/run", "--set", "widht=2"], "unknown field 'widht'; did you mean width?"),
        (["train", "--run", "{}/run", "--set", "upsampling=bilinaer"], "found bilinaer; did you mean bilinear?"),
        (["train", "--run", "{}/run", "--iterations", "0"], "iterations: expected at least 8, found 0"),
        (["train", "--run", "{}/run", "--stop-at", "0"], "stop_at: expected at least 1, found 0"),
        (["train", "--run", "{}/run", "--data", "{}/none"], "none does not exist"),
        (["train", "--run", "{}/run", "--network", "one-stage", "--adversarial"], "one-stage generator's adversarial"),
        (["train", "--run", "{}/run", "--strategy", "multiworker"], "the environment variable TF_CONFIG or a job step"),
        (["train", "--run", "{}/run", "--factor", "17"], "--factor: expected a whole number from 2 to 16, found 17"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)
