import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import Supersampler, lattice
from dlss_tf.evaluation import images
from dlss_tf.layers.blur import blur_target


def test_completed_is_infilled_scan_and_output_in_the_crops_scale(tiny_run, rng):
    crop = rng.random((64, 64)).astype(np.float32)
    infilled, output = images.completed(Supersampler(tiny_run), crop, 4)
    np.testing.assert_allclose(infilled, lattice.infill(lattice.downsample(crop, 4), (64, 64), 4), atol=1e-6)
    # 64 px are 4 x 16 samples, so the lattice of this scan is the one that the supersampler makes.
    scan = lattice.downsample(crop, 4)
    np.testing.assert_allclose(output, Supersampler(tiny_run)(scan, 4), atol=1e-4)


@pytest.mark.parametrize("size", [64, 66])  # 66 px are scanned from px 1 on
def test_refined_is_refined_by_the_samples(tiny_run, size):
    crop = np.tile(np.linspace(0, 1, size, dtype=np.float32), (size, 1))
    output = images.completed(Supersampler(tiny_run), crop, 4)[1]
    refined = images.refined(output, crop, 4)
    errors = [np.mean((lattice.downsample(each - crop, 4)) ** 2) for each in (output, refined)]
    assert refined.shape == crop.shape and errors[1] < 0.5 * errors[0]


def test_blurred_is_the_training_target(rng):
    crop = rng.random((40, 50)).astype(np.float32)
    expected = blur_target(tf.constant(crop[None, :, :, None])).numpy()[0, :, :, 0]
    np.testing.assert_array_equal(images.blurred(crop), expected)


def test_names():
    assert images.label(5) == "1/25"
    assert images.image_name("root/test/a.tif", ["root"]) == "a.tif"
    assert images.image_name("root/test/a.tif", ["root", "other"]) == "root/test/a.tif"
