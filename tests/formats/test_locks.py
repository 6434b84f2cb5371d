import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from dlss_tf.errors import InputError
from dlss_tf.formats import locks

HOLD = """import sys, time
from dlss_tf.formats import locks
with locks.held(sys.argv[1]):
    print('held', flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds tmp_path/lock."""
    command = [sys.executable, "-c", HOLD, tmp_path / "lock"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_it_is_gone_afterwards(tmp_path):
    with locks.held(tmp_path / "lock") as locks_work:
        assert locks_work and os.listdir(tmp_path) == ["lock"]
    assert not os.listdir(tmp_path)


def test_a_thread_is_somebody_else_too(tmp_path):
    with locks.held(tmp_path / "lock"), pytest.raises(locks.Taken, match=f"process {os.getpid()} on "):
        locks.held(tmp_path / "lock").__enter__()
    with locks.held(tmp_path / "lock"):
        pass


def test_another_process_is_named_and_when_killed_holds_it_no_more(tmp_path, holder):
    with pytest.raises(locks.Taken, match=f"process {holder.pid} on "):
        locks.held(tmp_path / "lock").__enter__()
    with locks.abandoned(str(tmp_path / "lock")) as free:
        assert not free
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert os.listdir(tmp_path) == ["lock"]  # which is left, but not held
    with locks.held(tmp_path / "lock"):
        pass
    assert not os.listdir(tmp_path)


def test_one_at_a_time_though_its_file_comes_and_goes(tmp_path):
    inside, most, barrier = [], [], threading.Barrier(8)

    def work():
        barrier.wait()
        for _ in range(20):
            with locks.held(tmp_path / "lock", wait=True):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()

    locks_wait, locks._WAIT = locks._WAIT, 0.0001
    threads = [threading.Thread(target=work) for _ in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        locks._WAIT = locks_wait
    assert len(most) == 160 and max(most) == 1 and not os.listdir(tmp_path)


def test_of_a_place(tmp_path):
    target = tmp_path / ("n" * 255)  # the longest name
    with locks.of(target):
        with pytest.raises(InputError, match="nnn: expected nobody else to write it, found process "):
            locks.of(target).__enter__()
        with locks.of(tmp_path / "other"):
            pass
    assert not os.listdir(tmp_path)


def test_abandoned_files_are_removed(tmp_path):
    path = str(tmp_path / "lock")
    with locks.abandoned(path) as free:
        assert free  # there is none
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{locks.machine()}\nprocess 1 on here\n")
    with locks.abandoned(path) as free:
        assert free
        with pytest.raises(locks.Taken):
            locks.held(path).__enter__()
    assert not os.path.exists(path)


def test_another_machines_count_as_held_for_a_day(tmp_path):
    path = str(tmp_path / "lock")
    with open(path, "w", encoding="utf-8") as file:
        file.write("another\nprocess 1 on there\n")
    with locks.abandoned(path) as free:
        assert not free
    yesterday = time.time() - 90_000
    os.utime(path, (yesterday, yesterday))
    with locks.abandoned(path) as free:
        assert free


def test_without_locks_nobody_is_kept_out_and_it_says_so(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    with locks.held(tmp_path / "lock") as first, locks.held(tmp_path / "lock") as second:
        assert not first and not second
        with locks.abandoned(str(tmp_path / "lock")) as free:
            assert not free


def test_a_lock_file_that_is_being_removed_on_windows_is_tried_again(tmp_path, monkeypatch):
    tries = []

    def open_later(path, *rest, **options):
        tries.append(path)
        if len(tries) < 3:
            raise PermissionError(13, "Permission denied", path)
        return open(path, *rest, **options)

    monkeypatch.setattr(locks, "open", open_later, raising=False)
    monkeypatch.setattr(locks, "_WAIT", 0.001)
    with pytest.raises(PermissionError):
        locks.held(tmp_path / "lock").__enter__()
    monkeypatch.setattr(locks, "fcntl", None)
    monkeypatch.setattr(locks, "_lock", lambda file: True)
    with locks.held(tmp_path / "lock"):
        assert len(tries) == 3
    assert not os.listdir(tmp_path)
