"""What all commands have in common, and the main job from end to end."""

import importlib
import os
import re

import pages
import pytest

import dlss_tf
from dlss_tf import cli
from dlss_tf.cli.commands import COMMANDS, FIRST_STEPS


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "usage: dlss-tf" in text
    assert all(name in text for name in (COMMANDS if arguments == ["--help"] else ["-h"]))


def test_no_command_tells_what_to_type_first(capsys):
    assert cli.main([]) == 2
    told = capsys.readouterr()
    assert told.out == "" and all(command in told.err for command in FIRST_STEPS)


def test_examples_can_be_given():
    examples = [line.partition("#")[0].strip() for name in COMMANDS for line in module(name).EXAMPLES]
    assert len(examples) > len(COMMANDS) and all(line.startswith("dlss-tf ") for line in examples)
    for line in [*examples, *FIRST_STEPS]:
        pages.check(line)


def module(command):
    return importlib.import_module(f"dlss_tf.cli.{command.replace('-', '_')}")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_tells_every_option_s_range_or_unit(name, capsys):
    """Of all that take a number: a newcomer knows what may be given."""
    with pytest.raises(SystemExit):
        cli.main([name, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert f"Examples: {module(name).EXAMPLES[0].split('#')[0].strip()}" in text and "--helpfull" not in text
    (commands,) = [action for action in cli.parser()._actions if action.dest == "command"]
    for action in commands.choices[name]._actions:
        if action.type is not None and action.metavar in ("N", "PX", "S", "S,S,..."):
            bounds = r"\d+ to \d+|\d+( px)? or more|multiple of \d+|above \d+"
            assert re.search(bounds, action.help), (name, action.option_strings)
            assert action.metavar != "PX" or " px" in action.help, (name, action.option_strings)


@pytest.mark.parametrize("arguments", [["paint"], ["train"], ["evaluate", "--factor", "x", "--weights", "a"]])
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"dlss-tf {dlss_tf.__version__}")


@pytest.mark.slow
@pytest.mark.usefixtures("few_layers")
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
