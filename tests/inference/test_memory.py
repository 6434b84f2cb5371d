import os
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
