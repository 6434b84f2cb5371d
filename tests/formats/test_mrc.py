import numpy as np
import pytest

from dlss_tf.formats import mrc
from dlss_tf.micrograph import Micrograph

mrcfile = pytest.importorskip("mrcfile")


def test_pixel_size_is_in_angstrom_and_title_and_history_are_labels(tmp_path, rng):
    path, data = str(tmp_path / "image.mrc"), rng.random((4, 5)).astype(np.float32)
    mrc.write(path, Micrograph(data, (0.5, 0.25), "nm", "gold on Å", ("scanned", "x" * 200)))
    with mrcfile.open(path) as file:
        np.testing.assert_array_equal(file.data, data)
        assert (file.voxel_size.x, file.voxel_size.y) == pytest.approx((2.5, 5))
        labels = [label.decode() for label in file.header.label[: file.header.nlabl]]
    assert labels[-3:] == ["gold on ?", "scanned", "x" * 79]


@pytest.mark.parametrize(("dtype", "written"), [("i2", "i2"), ("u2", "u2"), ("f8", "f4"), ("i8", "f4")])
def test_a_stack_of_images_is_one(tmp_path, dtype, written):
    path = str(tmp_path / "stack.mrc")
    mrc.write(path, Micrograph(np.arange(24).reshape(2, 3, 4).astype(dtype)))
    with mrcfile.open(path) as file:
        assert file.is_image_stack() and file.data.dtype == np.dtype(written)
        np.testing.assert_array_equal(file.data, np.arange(24).reshape(2, 3, 4))
