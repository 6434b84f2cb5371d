"""What they compute is tested where they are exported (test_export) and asked for (test_tfs_rest)."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from dlss_tf import lattice, weights
from dlss_tf.inference.requirements import factors_taken
from dlss_tf.models import generators
from dlss_tf.serving.signatures import Served

SIDE = 96


@pytest.fixture(scope="module")
def served(tiny_scan_grid_run):
    config, arrays = weights.load(tiny_scan_grid_run)
    return Served(config, generators.trained(config, arrays), SIDE, factors_taken(config)).by_name


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, format="PNG")
    return file.getvalue()


@pytest.mark.parametrize(("dtype", "step"), [(np.uint8, 257), (np.uint16, 1)])
def test_pngs_of_8_and_16_bit(served, rng, dtype, step):
    scan = rng.integers(0, 255, (2, *[lattice.count(SIDE, 5)] * 2)).astype(dtype)
    made = served["supersample_png"](tf.constant([png(each) for each in scan]), tf.constant(5))
    expected = served["supersample"](tf.constant(scan * np.float32(step)), tf.constant(5))["image"].numpy()
    for image, low, high, own in zip(made["image_bytes"].numpy(), made["low"], made["high"], expected):
        grey = np.asarray(Image.open(io.BytesIO(image)), np.float32)
        assert (float(low), float(high)) == (own.min(), own.max())
        np.testing.assert_allclose(low + (high - low) * grey / 65535, own, rtol=0, atol=np.ptp(own) * 1e-4)


@pytest.mark.parametrize(
    "content", [b"", b"no png", bytes(100), png(np.zeros((200, 8), np.uint8)), png(np.zeros((9, 9), np.uint8))]
)
def test_refuses_other_bytes(served, content):
    with pytest.raises(tf.errors.InvalidArgumentError):
        served["supersample_png"](tf.constant([content]), tf.constant(5))


def test_images_infilled_by_different_factors_are_refused(served, rng):
    def infilled(factor):
        return lattice.infill(rng.random((1, *[lattice.count(SIDE, factor)] * 2), np.float32), (SIDE, SIDE), factor)

    images = np.concatenate([infilled(4), infilled(8)])[..., None]
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected nearest infill by one factor"):
        served["serving_default"](tf.constant(images))
    both = served["serving_default"](tf.constant(np.concatenate([images[:1], images[:1]])))["output"]
    np.testing.assert_allclose(both[1], served["serving_default"](tf.constant(images[:1]))["output"][0], atol=1e-5)
