import ctypes
import os
import subprocess
import time

import numpy as np
import pytest

from tools.fuzz.limits import Limits, Worker, odd

OPENED = []


def crash():
    ctypes.string_at(0)


def sleep():
    time.sleep(100)


def work():
    while True:
        pass


def fill():
    return [str(np.ones(400 * 2**20, np.uint8)[-1])]


def fail():
    raise KeyError("scale")


def exit_at_once():
    os._exit(3)


def talk():
    print("read \x1b[2J")


def leave():
    open("left.part", "w", encoding="utf-8").close()


def keep_open():
    OPENED.append(open("scan.hspy", encoding="utf-8"))  # noqa: SIM115


def orphan():
    subprocess.Popen(["sleep", "100"])


def fine():
    print("read")
    return ["2x3 px\tof 1 µm"]


@pytest.fixture
def place(tmp_path):
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "scan.hspy").write_text("")
    return str(tmp_path / "place")


@pytest.fixture
def limits():
    return Limits(seconds=1.5, size=100 * 2**20)


@pytest.mark.parametrize(
    ("work", "kind", "about"),
    [
        (crash, "crash", "SIGSEGV; File "),
        (exit_at_once, "crash", "status"),
        (sleep, "hang", "of sleep; File "),
        (work, "hang", "of sleep; File "),
        (fill, "memory", "GiB"),
        (fail, "exception", "KeyError in "),
        (talk, "control character", r"'\x1b'"),
        (lambda: ["a\u202eb"], "control character", r"'\u202e'"),
        (leave, "left behind", "left.part"),
        (keep_open, "left behind", "scan.hspy, open"),
        (fine, "", ""),
    ],
)
def test_what_is_found(place, limits, work, kind, about):
    with Worker(lambda _: work() or [], place, limits) as worker:
        found = worker.outcome("")
        assert found.kind == kind and about in found.about, found
        assert worker.broken == (kind in ("crash", "hang", "memory"))


def test_a_worker_goes_on_and_each_piece_of_work_has_limits_of_its_own(place, limits):
    def spend(argument):
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
        return [argument, str(os.getpid())]

    with Worker(spend, place, limits) as worker:
        found = [worker.outcome(argument) for argument in "abc"]
    assert [each.kind for each in found] == [""] * 3
    assert [each.details.split("\n")[0] for each in found] == list("abc")
    assert len({each.details.split("\n")[1] for each in found} - {str(os.getpid())}) == 1


def test_the_first_thing_that_is_wrong_ends_a_series(place):
    with Worker(lambda argument: ["\x1b"] if argument == "b" else [argument], place) as worker:
        assert worker.outcomes("ac").details == "a\nc"
        assert worker.outcomes("abc").details == "\x1b"


def test_a_result_may_be_left(place):
    with Worker(lambda _: leave() or [], place) as worker:
        assert worker.outcome("", ["left.part"]).kind == ""


def test_processes_left_behind_are_counted(place):
    worker = Worker(lambda _: orphan() or [], place)
    assert worker.outcome("").kind == ""
    assert worker.end() == 1


def test_odd_characters():
    assert odd("a\n\tb µ日") == []
    assert odd("\x1b\x9b\ud800\u2028\u2066") == ["\x1b", "\x9b", "\u2028", "\u2066", "\ud800"]
