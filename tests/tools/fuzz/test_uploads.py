import subprocess
import sys
import types

import httpx
import numpy as np
import pytest

from dlss_tf.serving.client import as_npy
from tools.fuzz import uploads
from tools.fuzz.campaign import Seed

SOUND = Seed("npy", "scan.npy", {"scan.npy": as_npy(np.eye(9, dtype=np.float32))})


@pytest.fixture
def answered(monkeypatch):
    """Uploads whose server answers so."""

    def make(answer, held=(100.0, 100.0)):
        monkeypatch.setattr(uploads, "worker_of", lambda pid: 7)
        monkeypatch.setattr(uploads, "memory", lambda *pids: next(levels))
        levels = iter([*held, *held])
        made = uploads.Uploads("http://server/", 1, [SOUND], 0)

        def get(request):
            if isinstance(answer, Exception):
                raise answer
            return answer

        made._own = types.SimpleNamespace(web=httpx.Client(transport=httpx.MockTransport(get)))
        monkeypatch.setattr(uploads.httpx, "get", lambda url: httpx.Response(200))
        return made

    return make


def test_what_is_one_file_of_a_kind_that_is_taken_is_sent():
    several = Seed("emi", "scan.emi", {"scan.emi": b"", "scan_1.ser": b""})
    folder = Seed("zspy", "scan.zspy", {"scan.zspy/a": b""})
    assert uploads.sendable([SOUND, several, folder]) == [SOUND]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (httpx.Response(200), None),
        (httpx.Response(400, text='{"error": "a.npy: expected better"}'), None),
        (httpx.Response(500, text="oops"), "500 oops"),
        (httpx.Response(504, text="late"), "504 late"),
        (httpx.Response(400, text="\x1b[2J"), "control characters"),
        (httpx.ReadError("reset"), "ReadError reset"),
    ],
)
def test_faults_are_problems(answered, answer, problem):
    made = answered(answer)
    made.send(3)
    assert [problem in each for each in made.problems] == ([True] if problem else [])


def test_memory_that_grows_is_a_problem(answered):
    made = answered(httpx.Response(200))
    made.check([100.0, 104.0, 104.9])
    assert not made.problems
    made.check([100.0, 101.0, 106.0])
    assert made.problems == ["memory grew from 100 to 106 MB"]


@pytest.mark.slow
def test_some_are_sent_to_a_server(tiny_scan_grid_run):
    command = [sys.executable, "-m", "tools.fuzz.uploads", "--count", "60", "--weights", tiny_scan_grid_run]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert "answered 400" in found.stdout and "answered 5" not in found.stdout, found.stdout + found.stderr
    for problem in ("httpx", "the worker is another", "not ready"):
        assert problem not in found.stdout
