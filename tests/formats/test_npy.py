import io
import pickle

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import npy


@pytest.mark.parametrize(
    "array", [np.zeros(5), np.zeros((0, 4)), np.zeros((4, 4), complex), np.array([["a"]]), np.zeros((2, 2), "O")]
)
def test_arrays_that_are_no_image(tmp_path, array):
    np.save(tmp_path / "array.npy", array)
    with pytest.raises(InputError, match=r"array\.npy: expected "):
        micrograph.read(str(tmp_path / "array.npy"))


def test_a_copy_in_memory_is_read(tmp_path):
    """Not a view of the file, which may be replaced by the result."""
    path = str(tmp_path / "array.npy")
    npy.write(path, micrograph.Micrograph(np.eye(3)))
    data = npy.read(path).data
    assert type(data) is np.ndarray and data.base is None
    np.testing.assert_array_equal(data, np.eye(3))


def test_images_of_one_channel_and_of_several(tmp_path, rng):
    path = str(tmp_path / "image.npy")
    np.save(path, rng.random((1, 40, 48, 1)))
    assert micrograph.read(path).data.shape == (1, 40, 48)
    np.save(path, rng.random((40, 48, 5)))
    with pytest.raises(InputError, match=r"image\.npy: expected an image .*, found shape \[40, 48, 5\]"):
        micrograph.read(path)
    np.save(path, rng.random((40, 48, 3)))
    with pytest.raises(InputError, match=r"image\.npy: expected a grey image, found a colour one"):
        micrograph.read(path)


def header(**changes):
    content = io.BytesIO()
    fields = {"descr": "<f4", "fortran_order": False, "shape": (20, 16)} | changes
    np.lib.format.write_array_header_1_0(content, fields)
    return content.getvalue()


@pytest.mark.parametrize("order", ["C", "F"])
def test_either_order(tmp_path, order):
    array = np.asarray(np.arange(12.0).reshape(3, 4), order=order)
    np.save(tmp_path / "array.npy", array)
    np.testing.assert_array_equal(npy.read(str(tmp_path / "array.npy")).data, array)


@pytest.mark.parametrize(
    "content",
    [
        header() + bytes(1279),
        header(shape=(2**40, 2**40)) + bytes(100),
        header(descr="|O") + pickle.dumps([1]),
        header(descr="<f4,<f4") + bytes(2560),
        b"\x93NUMPY\x03\x00" + bytes(100),
        b"\x93NUMPY\x01\x00\xff",
    ],
)
def test_what_is_no_array_of_numbers(tmp_path, content):
    (tmp_path / "array.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"array\.npy: expected "):
        micrograph.read(str(tmp_path / "array.npy"))


def test_an_archive_is_none(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(2**20, "u1"))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(InputError, match=r"a\.npy: expected a \.npy image, found a ZIP archive"):
        micrograph.read(str(tmp_path / "a.npy"))
