import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.layers import winograd


def results(convolve, x, kernel, dy):
    with tf.GradientTape() as tape:
        tape.watch([x, kernel])
        y = convolve(x, kernel)
    return [y, *tape.gradient(y, [x, kernel], dy)]


def direct(x, kernel):
    return tf.nn.conv2d(x, kernel, 1, "SAME")


@pytest.mark.parametrize(("batch", "sides"), [(1, (2, 2)), (3, (4, 6)), (2, (8, 2))])
def test_output_and_gradients_are_a_direct_convolutions_in_float64(rng, batch, sides):
    x, dy = (tf.constant(rng.normal(size=(batch, *sides, channels))) for channels in (5, 4))
    kernel = tf.constant(rng.normal(size=(3, 3, 5, 4)))
    for found, expected in zip(results(winograd.convolve, x, kernel, dy), results(direct, x, kernel, dy)):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_float32_rounds_no_more_than_a_direct_convolution(rng):
    x, dy = (tf.constant(rng.normal(size=(2, 16, 16, 128)), tf.float32) for _ in range(2))
    kernel = tf.constant(rng.normal(size=(3, 3, 128, 128)), tf.float32)
    exact = results(direct, *(tf.cast(tensor, tf.float64) for tensor in (x, kernel, dy)))
    for found, expected in zip(results(winograd.convolve, x, kernel, dy), exact):
        error = np.abs(found - tf.cast(expected, tf.float32)).max()
        assert error < 2e-6 * np.abs(expected).max()  # a direct one's: 0.2 to 1.3e-6
