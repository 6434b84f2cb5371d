import re

import pytest

import dlss_tf
from dlss_tf import software
from dlss_tf.cli import commands, parsing


@pytest.fixture
def told(capsys, tmp_path, monkeypatch):
    """`told(words)`: the sentence with which parsing them ends, in a folder that has scan.dm4 and scans."""
    (tmp_path / "scan.dm4").touch()
    (tmp_path / "scans").mkdir()
    monkeypatch.chdir(tmp_path)

    def parse(words):
        with pytest.raises(SystemExit) as ended:
            commands.parser().parse_args(words.split())
        assert ended.value.code == 2
        sentence, help_, end = capsys.readouterr().err.split("\n")
        program = sentence.partition(": ")[0]
        assert help_ == f"{program} --help tells what it takes, with examples" and end == ""
        return sentence

    return parse


SUPERSAMPLE = "supersample a.tif --factor 5"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("supersampel", "dlss-tf: expected a command, found supersampel; did you mean supersample?"),
        ("help", "dlss-tf: expected a command, found help; did you mean --help?"),
        ("paint", "dlss-tf: expected one of demo, supersample, watch, .*, fit-uncertainty, found paint"),
        ("--verison", "dlss-tf: expected an option, found --verison; did you mean --version?"),
        ("--factor 5 supersample a", "dlss-tf: expected a command before --factor, such as supersample; found none"),
        ("scan.dm4", ".*; did you mean dlss-tf supersample scan.dm4 --factor 5?"),
        ("scans --factor=4 --refine", ".*; did you mean dlss-tf supersample scans --factor=4 --refine?"),
        ("elsewhere.ser", ".*name of a file or folder; did you mean dlss-tf supersample elsewhere.ser --factor 5?"),
        ("supersample a --facotr 5", "dlss-tf supersample: expected an option, found --facotr; did you mean --factor?"),
        (f"{SUPERSAMPLE} --ensamble", ".*found --ensamble; did you mean --ensemble?"),
        (f"{SUPERSAMPLE} --ensamble=1", ".*found --ensamble; did you mean --ensemble?"),
        (f"{SUPERSAMPLE} -o b.tif", ".*found -o; did you mean --out?"),
        (f"{SUPERSAMPLE} -out b.tif", ".*found -out; did you mean --out?"),
        (f"{SUPERSAMPLE} --colour", "dlss-tf supersample: expected an option, found --colour"),
        (f"{SUPERSAMPLE} -q", "dlss-tf supersample: expected an option, found -q"),
        (
            f"{SUPERSAMPLE} --deblur wienr",
            ".*--deblur: expected one of wiener, adam, found wienr; did you mean wiener?",
        ),
        ("supersample a --factor 1", "dlss-tf supersample: --factor: expected a whole number from 2 to 16, found 1"),
        ("train --run a --preset smal", ".*: --preset: expected one of quick, small, paper, found smal; .* small?"),
        ("train --run a --iterations few", "dlss-tf train: --iterations: expected a whole number, found few"),
        ("serve --seconds few", "dlss-tf serve: --seconds: expected a number, found few"),
        ("supersample scan.dm4", r"dlss-tf supersample: expected --factor S \(how many .*: 2 to 12 .*\), found none"),
        ("supersample", "dlss-tf supersample: expected FILE and --factor S, found none"),
        ("fit-p --weights a --data b", r"dlss-tf fit-p: expected --out RUN \(new run .*\), found none"),
        ("watch a b --factor 5", "dlss-tf: expected no more words, found b"),
    ],
)
def test_what_is_wrong_is_a_sentence(told, words, sentence):
    assert re.fullmatch(sentence.replace("?", r"\?"), told(words))


def test_what_is_right_is_left_alone():
    parser = commands.parser()
    assert parser.parse_args([*SUPERSAMPLE.split(), "--ens", "--image", "-1"]).ensemble  # short for, and a number
    assert parser.parse_args(["supersample", "--factor", "5", "--", "--odd.tif"]).files == ["--odd.tif"]
    assert parser.parse_args(["supersample", "--factor", "5", "- odd.tif", "-"]).files == ["- odd.tif", "-"]


def test_control_characters_do_nothing_to_the_terminal(told):
    assert told("\x1b[2J") == "dlss-tf: expected one of " + ", ".join(commands.COMMANDS) + r", found \x1b[2J"


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_version_of_every_command(command, capsys):
    with pytest.raises(SystemExit) as ended:
        commands.parser().parse_args([command, "--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == f"{parsing.version()}\n"


@pytest.mark.parametrize(
    ("revision", "told"),
    [(None, ""), ("8be45d5b" + "0" * 32, ", git 8be45d5"), ("8be45d5b" + "0" * 32 + "-dirty", ", git 8be45d5-dirty")],
)
def test_version_and_revision(monkeypatch, revision, told):
    monkeypatch.setattr(software, "revision", lambda: revision)
    assert parsing.version() == f"dlss-tf {dlss_tf.__version__}{told}"


def test_version_may_have_a_value():
    words = ["export", "--out", "a"]
    parser = commands.parser()
    assert parser.parse_args([*words, "--version", "3"]).version == 3 and parser.parse_args(words).version is None


def test_whole_numbers():
    assert parsing.whole()("-3") == -3 and parsing.whole(1)("1") == 1
    with pytest.raises(Exception, match="expected a whole number from 0 to 9, found 10"):
        parsing.whole(0, 9)("10")
