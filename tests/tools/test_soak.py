"""That a soak finds what it is for, with commands that are quick because they know no TensorFlow."""

import dataclasses
import random
import sys

import pytest

from tools import soak
from tools._soak_jobs import Job

WRITE = """import sys, time
from pathlib import Path
from dlss_tf.formats.replacing import replacing
out = Path(sys.argv[1])
out.mkdir(exist_ok=True)
for number in range(5):
    with replacing(out / str(number)) as beside:
        with open(beside, "w") as file:
            for _ in range(5):
                file.write("whole")
                file.flush()
                time.sleep(0.002)
    print(number, flush=True)
"""


CARELESS = """import sys, time
from pathlib import Path
out = Path(sys.argv[1])
out.mkdir()
(out / "0").write_text("who")
print(1, flush=True)
time.sleep(60)
"""


@pytest.fixture
def job(tmp_path):
    def make(code):
        out = tmp_path / "out"

        def look(lines):
            lost = [f"{line} is lost" for line in lines if not (out / line).exists()]
            files = [path for path in out.glob("*") if not path.name.startswith(".")] if out.exists() else []
            return lost + [f"{path.name} is half" for path in files if path.read_text() != "whole" * 5]

        command = [sys.executable, "-c", code, str(out)]
        return Job("write", command, out, look, lambda out: None, lambda out: (out / "4").exists())

    return make


class Earliest(random.Random):
    def random(self):
        return 0.0


def disturbed(job, tmp_path, times, chance=random.Random):
    state = soak.Soak(tmp_path, False, 0)
    state.random, state.seconds = chance(1), {"write": 0.6}
    for _ in range(times):
        state.run(job, job.command, "killed")
    return state


def test_a_careful_writer_loses_nothing(job, tmp_path):
    state = disturbed(job(WRITE), tmp_path, 6)
    assert not state.problems and state.counts["write killed"] == 6


def test_half_and_lost_files_are_found(job, tmp_path):
    state = disturbed(job(CARELESS), tmp_path, 1, Earliest)  # killed after its first words
    assert [problem.split(": ")[1] for problem in state.problems] == ["1 is lost", "0 is half"]


ONCE = """import sys, time
from pathlib import Path
out = Path(sys.argv[1])
if out.exists():
    sys.exit(2)
beside = out.with_name("beside")
beside.mkdir()
(beside / "4").write_text("whole" * 5)
beside.rename(out)
time.sleep(60)
"""


def test_what_was_complete_before_a_kill_is_taken_away_if_it_would_be_refused(job, tmp_path):
    refusing = dataclasses.replace(job(ONCE), once=True)
    state = disturbed(refusing, tmp_path, 2, Earliest)
    assert not state.problems and state.counts["write complete"] == 2


def test_what_never_ends_is_told(job, tmp_path, monkeypatch):
    monkeypatch.setattr(soak, "LONGEST", 0.5)
    state, endless = soak.Soak(tmp_path, False, 0), job("import time; time.sleep(60)")
    state.run(endless, endless.command)
    assert state.problems[0] == "write, undisturbed: had not ended after 0 s"


def test_what_does_not_end_by_itself_is_ended_on_a_full_disk(job, tmp_path):
    state, endless = soak.Soak(tmp_path, False, 0), dataclasses.replace(job("import time; time.sleep(60)"), ends=False)
    state.seconds = {"write": 0.5}
    state.run(endless, endless.command, "full")
    assert not state.problems


def test_a_command_that_fails_is_told(job, tmp_path):
    state, failing = soak.Soak(tmp_path, False, 0), job("raise KeyError")
    state.run(failing, failing.command)
    assert "exit 1" in state.problems[0] and "KeyError" in state.problems[0]


def test_a_full_disk_is_made(job, tmp_path):
    state = soak.Soak(tmp_path, False, 0)
    with state._full(True) as limit:
        assert callable(limit)
    with state._full(False) as limit:
        assert limit is None
