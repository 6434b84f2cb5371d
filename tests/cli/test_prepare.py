import json
import os

import numpy as np
import pytest
from data.prepare.pictures import specimen

from dlss_tf import cli
from dlss_tf.cli.exits import FAILED, INTERRUPTED


@pytest.fixture
def scans(tmp_path, read_here):
    folder = tmp_path / "scans"
    for number in range(4):
        (folder / f"s{number}").mkdir(parents=True)
        np.save(folder / f"s{number}" / "1.npy", specimen(number))
    return str(folder)


def prepare(*arguments):
    return cli.main(["prepare", "--size", "64", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["prepare", "{}/a.npy", "--out", "{}/data"], "two specimens or more"),
        (["prepare", "{}/a.npy", "--out", "{}/data", "--size", "100"], "multiple of 32"),
        (["prepare", "{}/a.npy", "--out", "{}/a.npy/data"], "two specimens"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


def test_a_summary(scans, tmp_path, capsys):
    out = tmp_path / "data"
    assert [prepare(scans, "--out", out) for _ in range(2)] == [0, 0]
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{out}: 4 crops of 64x64 px; train 2 of 2 specimens") and said[1:] == said[:1]


def test_unreadable_files_are_a_sentence_each_and_status_3(scans, tmp_path, capsys):
    for name in "ab":
        open(os.path.join(scans, f"{name}.npy"), "wb").close()
    assert prepare(scans, "--out", tmp_path / "data") == FAILED
    said = capsys.readouterr()
    assert said.err.count("expected an image, found an empty file") == 2
    assert said.out.splitlines()[-1] == "2 files could not be read, for the reasons given"


def test_json(scans, tmp_path, capsys):
    out = str(tmp_path / "data")
    assert prepare(scans, "--out", out, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["specimen"] for line in lines[:4]] == [f"scans/s{number}" for number in range(4)]
    assert set(lines[0]) == {"source", "specimen", "crops", "left_out", "skipped", "warnings", "error"}
    assert lines[4]["out"] == out and sum(lines[4]["crops"].values()) == 4


def test_what_a_specimen_is(scans, tmp_path):
    np.save(os.path.join(scans, "s0", "2.npy"), specimen(9))
    for by, count in (("folder", 4), ("file", 5)):
        assert prepare(scans, "--out", tmp_path / by, "--split-by", by) == 0
        summary = json.loads((tmp_path / by / "prepare.json").read_text())
        assert sum(summary["specimens"].values()) == count


def test_interrupted(scans, tmp_path, monkeypatch, capsys):
    from dlss_tf.data.prepare import dataset

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dataset, "cut_file", interrupt)
        assert prepare(scans, "--out", tmp_path / "data") == INTERRUPTED
    assert prepare(scans, "--out", tmp_path / "data") == 0
