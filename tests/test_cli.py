import os
import subprocess
import sys
import warnings

import pytest

from dlss_tf import cli

COMMANDS = ["simulate", "train", "evaluate", "fit-p", "export", "info"]
NO_TENSORFLOW = "import sys, dlss_tf{}; assert not {{'tensorflow', 'keras'}} & set(sys.modules), 'loaded'"


def run(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)


@pytest.mark.parametrize("module", ["", ".cli", ".config", ".lattice", ".data.simulate"])
def test_imports_load_no_tensorflow(module):
    done = run("-c", NO_TENSORFLOW.format(module))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "usage: dlss-tf" in text
    assert all(name in text for name in (COMMANDS if arguments == ["--help"] else ["-h"]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "--run", "{}/run", "--set", "width"], "--set: expected NAME=VALUE, found 'width'"),
        (["train", "--run", "{}/run", "--set", "colour=red"], "unknown field 'colour'"),
        (["train", "--run", "{}/run", "--iterations", "0"], "iterations: expected at least 8, found 0"),
        (["train", "--run", "{}/run", "--steps", "0"], "steps: expected at least 1, found 0"),
        (["train", "--run", "{}/run", "--data", "{}/none"], "none does not exist"),
        (["evaluate", "--weights", "{}/none", "--data", "{}"], "expected a run directory, or a pretrained generator"),
        (["evaluate", "--weights", "{}", "--data", "{}"], "config.json: expected a run's configuration"),
        (["export", "--weights", "{}/none", "--out", "{}"], "expected a run directory"),
        (["export", "--weights", "{}", "--out", "{}", "--size", "7"], "size: expected a multiple of 32"),
        (["simulate", "--out", "{}/data", "--size", "8"], "size"),
        (["info", "--weights", "{}"], "config.json: expected a run's configuration"),
        (
            ["fit-p", "--weights", "{}/none", "--data", "{}", "--run", "{}/run"],
            "expected a run directory, or a pretrained generator",
        ),
        (["train", "--run", "{}/run", "--network", "one-stage", "--adversarial"], "one-stage generator's adversarial"),
        (["train", "--run", "{}/run", "--coverage", "17"], "factors: expected whole numbers from 2 to 16, found [17]"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, sentence, tmp_path, capsys):
    assert cli.main([argument.format(tmp_path) for argument in arguments]) == 2
    message = capsys.readouterr().err
    assert sentence in message
    assert message.startswith("dlss-tf: ") and message.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_status_of_a_command_that_ends_otherwise(capsys):
    def interrupted():
        raise KeyboardInterrupt

    assert cli.status("job", interrupted) == 130
    assert cli.status("job", lambda: warnings.warn("careful", stacklevel=1)) == 0
    assert cli.status("job", lambda: 7) == 7
    assert capsys.readouterr().err == "job: interrupted\njob: warning: careful\n"


@pytest.mark.parametrize("arguments", [[], ["paint"], ["train"], ["evaluate", "--factors", "x", "--weights", "a"]])
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_info(tiny_run, capsys):
    assert cli.main(["info", "--weights", tiny_run]) == 0
    assert '"width": 0.05' in capsys.readouterr().out


def test_info_of_a_preset_and_its_schedule(capsys):
    assert cli.main(["info", "--preset", "paper"]) == 0
    assert '"iterations": 1000000' in capsys.readouterr().out
    assert cli.main(["info", "--preset", "paper", "--schedule"]) == 0
    assert "1937500" in capsys.readouterr().out


def test_info_of_the_one_stage_schedule(capsys):
    assert cli.main(["info", "--preset", "paper", "--network", "one-stage", "--schedule"]) == 0
    assert "12500      0.0005" in capsys.readouterr().out


@pytest.mark.slow
def test_simulate_train_evaluate_export(tmp_path):
    """The whole main job, typed as a user types it, with a network that takes seconds."""
    tiny = ["--iterations", "8", "--set", "width=0.05", "--set", "size=64", "--set", "batch=1"]
    for command in (
        ["simulate", "--out", "data", "--train", "3", "--val", "1", "--test", "1", "--size", "64"],
        ["train", "--run", "run", "--data", "data", *tiny, "--steps", "4"],
        ["train", "--run", "run", "--resume"],
        ["evaluate", "--weights", "run", "--data", "data", "--size", "64", "--factors", "4,10"],
        ["export", "--weights", "run", "--out", "served", "--size", "64"],
    ):
        done = run("-m", "dlss_tf.cli", *command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        if command[0] == "train":
            assert ("training complete" if "--resume" in command else "dlss-tf train --run run --resume") in done.stdout
    assert (tmp_path / "served" / "1" / "saved_model.pb").exists()
    assert sorted(os.listdir(tmp_path / "results")) == ["table2.csv", "table2.json", "table2.png"]
