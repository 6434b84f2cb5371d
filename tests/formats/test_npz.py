import gc
import io
import sys

import numpy as np
import pytest

from dlss_tf.formats import npz


class SmallDisk(io.BytesIO):
    def write(self, data):
        if self.tell() + len(data) > 10_000:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_numpy_reads_what_is_written(tmp_path):
    arrays = {"a/b": np.eye(3), "text": np.frombuffer(b"abc", np.uint8), "none": np.zeros((0, 2), np.float32)}
    path = str(tmp_path / "a.npz")
    npz.write(path, arrays)
    with np.load(path) as read:
        assert list(read) == list(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize("count", [100, 1_300, 100_000])
def test_on_a_full_disk_there_is_one_error(count, monkeypatch):
    said = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    with SmallDisk() as disk, pytest.raises(OSError, match="No space left"):
        npz.write(disk, {f"{i}": np.ones(count) for i in range(20)})
    gc.collect()
    assert not said


def test_objects_are_refused(tmp_path):
    with pytest.raises(ValueError):
        npz.write(str(tmp_path / "a.npz"), {"a": np.array([{}])})
