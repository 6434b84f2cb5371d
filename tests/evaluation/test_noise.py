import numpy as np
import pytest

from dlss_tf.evaluation.images import blurred
from dlss_tf.evaluation.noise import LEFT, floor


def test_what_the_blur_leaves_of_white_noise(rng):
    assert pytest.approx(0.0414, abs=5e-5) == LEFT
    noise = rng.normal(0, 1, (512, 512)).astype(np.float32)
    assert blurred(noise)[2:-2, 2:-2].var() == pytest.approx(LEFT, rel=0.03)


def test_floor():
    assert floor(0.1, 5) == pytest.approx(0.1 * np.sqrt(0.0414 * 24 / 25), rel=1e-3)
    np.testing.assert_allclose(floor(np.array([0.0, 1.0]), 2), [0, np.sqrt(0.75 * LEFT)])
