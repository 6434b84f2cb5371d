"""What all commands have in common, and the main job from end to end."""

import os

import pytest

import dlss_tf
from dlss_tf import cli
from dlss_tf.cli.commands import COMMANDS


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "usage: dlss-tf" in text
    assert all(name in text for name in (COMMANDS if arguments == ["--help"] else ["-h"]))


@pytest.mark.parametrize("arguments", [[], ["paint"], ["train"], ["evaluate", "--factor", "x", "--weights", "a"]])
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"dlss-tf {dlss_tf.__version__}\n"


@pytest.mark.slow
def test_simulate_train_evaluate_export(tmp_path, monkeypatch, capsys):
    """The whole main job, typed as a user types it, with a network that takes seconds."""
    monkeypatch.chdir(tmp_path)
    tiny = ["--iterations", "8", "--set", "width=0.05", "--set", "size=64", "--set", "batch=1"]
    for command, said in (
        (["simulate", "--out", "data", "--train", "3", "--val", "1", "--test", "1", "--size", "64"], ""),
        (["train", "--run", "run", "--data", "data", *tiny, "--stop-at", "4"], "dlss-tf train --run run --resume"),
        (["train", "--run", "run", "--resume"], "training complete"),
        (["evaluate", "--weights", "run", "--data", "data", "--size", "64", "--factor", "4,10"], "1/100"),
        (["export", "--weights", "run", "--out", "served", "--size", "64"], "served"),
    ):
        assert cli.main(command) == 0, capsys.readouterr().err
        assert said in capsys.readouterr().out
    assert (tmp_path / "served" / "1" / "saved_model.pb").exists()
    assert sorted(os.listdir(tmp_path / "results")) == ["table2.csv", "table2.json", "table2.png"]
