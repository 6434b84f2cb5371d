import argparse
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dlss_tf.errors import InputError
from tools.fuzz import campaign
from tools.fuzz.campaign import Seed
from tools.fuzz.limits import Outcome

ROOT = Path(__file__).resolve().parents[3]
SEEDS = [Seed("a", "scan.npy", {"scan.npy": bytes(200)}), Seed("b", "scan.ser", {"scan.ser": bytes(range(256))})]


@pytest.mark.slow
def test_a_few_hundred_mutated_files_of_every_format(tmp_path):
    command = [sys.executable, "-m", "tools.fuzz.campaign", "--count", "300", "--out", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"^300 mutated files in .*, something wrong on 0$", ended.stdout, re.MULTILINE)


def test_a_mutant_goes_by_seed_and_number():
    mutants = [campaign.mutant(SEEDS, 0, number) for number in range(20)]
    assert mutants == [campaign.mutant(SEEDS, 0, number) for number in range(20)]
    assert mutants != [campaign.mutant(SEEDS, 1, number) for number in range(20)]
    assert [each.name for each in mutants] == ["a", "b"] * 10
    assert len({each.files[each.scan] for each in mutants}) > 15


def test_seeds_of_a_folder(tmp_path):
    with pytest.raises(InputError, match="--data .*: expected a folder"):
        campaign.seeds_in(str(tmp_path / "none"))
    with pytest.raises(InputError, match="expected files of at most"):
        campaign.seeds_in(str(tmp_path))
    np.save(tmp_path / "a.npy", np.ones((8, 9)))
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "b.zspy" / "inner").mkdir(parents=True)
    (tmp_path / "b.zspy" / "inner" / "0").write_bytes(b"1")
    with open(tmp_path / "c.tif", "wb") as file:
        file.truncate(campaign.LARGEST + 1)
    with pytest.warns(UserWarning, match="1 of 3 files are over"):
        found = campaign.seeds_in(str(tmp_path))
    assert [each.name for each in found] == ["a.npy", "b.zspy"]
    assert found[1].files == {"b.zspy/inner/0": b"1"}


def test_reading_says_all_that_is_said(tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", rng.random((20, 24)))
    assert campaign.read("info a.npy") == ["  1*   20x24 px, pixel size unknown, float64"]
    assert campaign.read("supersample a.npy") == ["", "20x24 px, pixel size unknown"]
    assert sorted(os.listdir()) == ["a.npy", *campaign.RESULTS]
    Path("b.npy").write_bytes(b"\x93NUMPY")
    for command in ("info b.npy", "supersample b.npy"):
        (refusal,) = campaign.read(command)
        assert refusal.startswith("b.npy: expected")


@pytest.fixture
def options(tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "own_seeds", lambda: SEEDS)
    monkeypatch.setattr(campaign, "preload", lambda *_: None)
    return argparse.Namespace(count=6, seed=2, only=None, data=None, out=str(tmp_path / "out"))


def test_findings_are_kept_and_counted(options, monkeypatch, capsys):
    ends = itertools.cycle([Outcome(), Outcome("crash", "SIGSEGV"), Outcome("exception", "KeyError\x1b", "more")])
    monkeypatch.setattr(campaign.Trial, "outcome", lambda *_: next(ends))
    assert campaign.campaign(options) == 1
    found = capsys.readouterr()
    assert found.out.splitlines() == [
        "crash: SIGSEGV (2 x, first 1; b, a)",
        r"exception: KeyError\x1b (2 x, first 2; a, b)",
        f"6 mutated files in 0 s, something wrong on 4; they are in {options.out}",
    ]
    assert "fuzz: 6/6" in found.err and "4 found" in found.err
    assert sorted(os.listdir(options.out)) == ["1", "2", "4", "5"]
    kept = Path(options.out, "2")
    assert (kept / "scan.npy").read_bytes() == campaign.mutant(SEEDS, 2, 2).files["scan.npy"]
    assert (kept / "found.txt").read_text().splitlines() == [
        "exception: KeyError\x1b",
        "a",
        "make fuzz ONLY=2 SEED=2",
        "",
        "more",
    ]


def test_one_file_alone(options, monkeypatch, capsys):
    options.only = 3
    monkeypatch.setattr(campaign.Trial, "outcome", lambda _, file: Outcome("", "", f"read {file.scan}"))
    assert campaign.campaign(options) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["b: nothing wrong ", "read scan.ser"]


def test_ctrl_c_ends_with_a_summary(options, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(campaign.Trial, "outcome", interrupted)
    assert campaign.campaign(options) == 130
    assert "0 mutated files in 0 s, something wrong on 0" in capsys.readouterr().out


def test_what_is_found_is_looked_at_again_by_a_new_worker(tmp_path, monkeypatch):
    trial, seen = campaign.Trial(str(tmp_path / "place")), []

    def read(command):
        seen.append(command)
        assert len(seen) < 3
        return []

    monkeypatch.setattr(campaign, "read", read)
    assert trial.outcome(SEEDS[0]) == Outcome()
    assert trial.outcome(SEEDS[0]).about.startswith("not when read alone: AssertionError in ")
    assert trial.outcome(SEEDS[0]).kind == "exception"
    trial.end()


def test_a_seed_that_is_not_sound_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "read", lambda command: {}[command])
    with pytest.raises(InputError, match="a: expected a sound file to mutate, found exception: KeyError in"):
        campaign.preload(SEEDS, str(tmp_path))
