import os
import subprocess
import sys

import numpy as np
import pytest

from dlss_tf import Supersampler
from dlss_tf.config import preset
from dlss_tf.inference import memory, passes


class Recorder:
    """In place of glibc."""

    def __init__(self):
        self.calls = []

    def mallopt(self, which, value):
        self.calls.append((which, value))

    def malloc_trim(self, _):
        self.calls.append("trim")


NEW = [(-3, 128 * 1024), (-3, 32 * 2**20), (-1, 64 * 2**20), "trim"]


@pytest.fixture
def libc(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(passes.memory, "_glibc", lambda: recorder)
    return recorder


def test_buffers_get_pages_of_their_own_while_a_size_is_new(libc):
    made = passes.Passes(preset("quick", "scan-grid"), lambda images, factor: images, 1024)
    for side, factor, expected in ((80, 4, NEW), (80, 4, []), (120, 5, NEW), (80, 4, []), (120, 5, [])):
        libc.calls.clear()
        made.complete(np.ones((1, side, side, 1), np.float32), (0, 0), factor)
        assert libc.calls == expected


def test_malloc_is_as_usual_after_a_failed_pass(libc):
    with pytest.raises(KeyError), passes.memory.of_new_size():
        raise KeyError
    assert libc.calls == NEW


def test_a_server_keeps_little(libc):
    memory.keep_little()
    memory.give_back()
    assert libc.calls == [(-3, 2 * 2**20), (-1, 4 * 2**20), "trim"]


def test_elsewhere_there_is_nothing_to_set(monkeypatch):
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    memory.keep_little()
    memory.give_back()


FREED = """
import threading
from dlss_tf.inference import memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

def work():
    held = [bytearray(2**20) for _ in range(40)]

with memory.of_new_size():  # from now on malloc gives large blocks no pages of their own
    pass
before = resident()
thread = threading.Thread(target=work)
thread.start()
thread.join()
memory.give_back()
print(resident() - before)
"""


@pytest.mark.skipif(memory._glibc() is None, reason="of glibc's malloc")
def test_what_is_free_in_any_thread_is_given_back():
    """Without `ONE_ARENA` nearly all of 40 MiB stay."""
    command = [sys.executable, "-c", FREED]
    freed = subprocess.run(command, env={**os.environ, **memory.ONE_ARENA}, check=True, capture_output=True, text=True)
    assert int(freed.stdout) < 10 * 2**20


@pytest.mark.parametrize("name", memory.CHOSEN)
def test_what_the_user_has_chosen_stays(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    memory._glibc.cache_clear()
    assert memory._glibc() is None
    memory._glibc.cache_clear()


def test_it_is_glibc_where_there_is_one(monkeypatch):
    for name in memory.CHOSEN:
        monkeypatch.delenv(name, raising=False)
    memory._glibc.cache_clear()
    known = sys.platform == "linux" and "gnu_get_libc_version" in dir(memory._glibc() or ())
    assert known == (sys.platform == "linux" and "glibc" in os.confstr("CS_GNU_LIBC_VERSION"))


def test_images_are_the_same(tiny_run, rng, runtime):
    scan = rng.random((30, 31)).astype(np.float32)
    supersampler = Supersampler(tiny_run, runtime=runtime)
    np.testing.assert_array_equal(supersampler(scan, 5), supersampler(scan, 5))
