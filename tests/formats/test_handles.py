import os
import threading

import numpy as np
import pytest
from formats.hyperspy_files import write_hspy
from formats.velox_files import write_velox

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import handles

h5py = pytest.importorskip("h5py")


def descriptors(folder):
    links = [f"/proc/self/fd/{each}" for each in os.listdir("/proc/self/fd")]
    return [path for path in map(os.readlink, filter(os.path.lexists, links)) if path.startswith(f"{folder}/")]


@pytest.fixture
def path(tmp_path):
    write_hspy(tmp_path / "a.hspy", np.ones((8, 9), np.float32))
    return str(tmp_path / "a.hspy")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="Linux alone")
def test_no_file_stays_open_that_was_read(path, tmp_path):
    write_velox(tmp_path / "a.emd", {"HAADF": np.ones((8, 9), np.uint16)})
    with h5py.File(tmp_path / "b.hspy", "w") as file:
        file["Experiments/a"] = 1
    for name in ("a.hspy", "a.emd"):
        micrograph.contents(str(tmp_path / name))
        assert micrograph.read(str(tmp_path / name)).data.shape == (8, 9)
    with pytest.raises(InputError):
        micrograph.read(str(tmp_path / "b.hspy"))
    assert descriptors(tmp_path) == []


def test_what_was_open_before_stays_open(path):
    with h5py.File(path) as before:
        with handles.closed(path):
            within = h5py.File(path)
        assert before and not within


def test_threads_that_read_one_file_do_not_close_it_for_one_another(path):
    opened, others = threading.Event(), []

    def read():
        with handles.closed(path):
            file = h5py.File(path)
            opened.set()
            ended.wait(10)
            others.append(bool(file))
        others.append(bool(file))

    ended = threading.Event()
    thread = threading.Thread(target=read)
    with handles.closed(path):
        thread.start()
        opened.wait(10)
    ended.set()
    thread.join()
    assert others == [True, False]
