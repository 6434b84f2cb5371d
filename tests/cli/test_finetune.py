import pytest

from dlss_tf import cli
from dlss_tf.evaluation import finetune as module

ERRORS = {"before": {"1/16": 0.1}, "after": {"1/16": 0.09}}


@pytest.fixture
def record(monkeypatch):
    """What finetune returns, and a list of what it was called with."""
    held, calls = {"start": {"name": "unified-scan"}, "delivered": 50, "ended": "out of time"}, []

    def finetune(data, run, start, **options):
        calls.append((data, run, start, options))
        return held | {"validation": {"images": 2, **ERRORS}}

    monkeypatch.setattr(module, "finetune", finetune)
    return held, calls


def test_says_before_and_after_and_what_to_type_next(record, capsys):
    assert cli.main(["finetune", "--data", "a", "--data", "b", "--run", "runs/mine", "--minutes", "3"]) == 0
    assert record[1] == [(["a", "b"], "runs/mine", None, {"minutes": 3.0, "seed": 0})]
    out = capsys.readouterr().out
    assert "-10.0%" in out and "dlss-tf supersample FILE --factor S --weights runs/mine" in out


def test_says_in_a_sentence_that_it_got_no_better(record, capsys):
    record[0].update(delivered=0, ended="no longer better")
    assert cli.main(["finetune", "--data", "a"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == (
        "runs/finetuned: training unified-scan further made it no better on the validation images, so it is as it was"
    )


def test_interrupted(record, capsys):
    record[0]["ended"] = "interrupted"
    assert cli.main(["finetune", "--data", "a"]) == 130
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data", "{}/none"], "none does not exist; expected"),
        (["--data", "{}", "--minutes", "0"], "minutes: expected a positive number, found 0"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(["finetune", *arguments])
