import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import lattice
from dlss_tf.data.examples import make_example
from dlss_tf.layers.blur import blur_target
from dlss_tf.training import losses


@pytest.fixture
def example(rng):
    crops = tf.constant(rng.random((2, 64, 64, 1)), tf.float32)
    return make_example(crops, tf.constant([4, 10]), "scan")


def test_equation_3(example):
    blurred = blur_target(example.target)
    outputs = blurred + 0.1
    expected = [200 * 0.01 * w / lattice.p(1 / s**2) for w, s in zip(example.weight.numpy(), (4, 10), strict=True)]
    np.testing.assert_allclose(losses.equation_3(outputs, blurred, example), expected, rtol=1e-4)


def test_equation_7_is_at_half_size(example):
    blurred = blur_target(example.target)
    half = blurred.numpy().reshape(2, 32, 2, 32, 2, 1).mean((2, 4))
    np.testing.assert_allclose(losses.half_size(blurred), half, atol=1e-6)
    np.testing.assert_allclose(losses.half_size(blurred), tf.image.resize(blurred, (32, 32)), atol=1e-6)
    expected = [200 * 0.25 * w / lattice.p(1 / s**2) for w, s in zip(example.weight.numpy(), (4, 10), strict=True)]
    np.testing.assert_allclose(losses.equation_7(half - 0.5, blurred, example), expected, rtol=1e-4)
