import numpy as np
import pytest

from dlss_tf.simulation import fields


def test_splat_keeps_weight_and_position():
    image = fields.splat(np.array([[3.25, 5.5], [-4.0, 2.0]]), np.array([2.0, 1.0]), 10)
    assert image.sum() == pytest.approx(2)
    assert (np.arange(10) * image.sum(axis=1)).sum() / 2 == pytest.approx(3.25)
    assert (np.arange(10) * image.sum(axis=0)).sum() / 2 == pytest.approx(5.5)


def test_blur_has_the_standard_deviation_asked_for():
    image = np.zeros((64, 64), np.float32)
    image[32, 32] = 1
    blurred = fields.blur(image, 3.0).astype(float)
    position = np.arange(64) - 32
    assert (blurred.sum(axis=0) * position**2).sum() == pytest.approx(9, rel=0.01)
    assert (blurred.sum(axis=1) * position**2).sum() == pytest.approx(9, rel=0.01)
