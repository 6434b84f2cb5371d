import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.layers.windowed_wiener import WindowedWiener


def filtered(scan, sizes=(16,), strengths=(1.5,)):
    return WindowedWiener(sizes, strengths)(tf.constant(scan[None, ..., None], tf.float32)).numpy()[0]


@pytest.mark.parametrize("size", [8, 16, 64])
@pytest.mark.parametrize("shape", [(8, 8), (3, 40), (50, 53)])
def test_nothing_changes_at_strength_zero(rng, size, shape):
    """Windows of any size on scans of any, larger or smaller: they sum to one everywhere."""
    scan = rng.random(shape)
    np.testing.assert_allclose(filtered(scan, (size,), (0.0,))[..., 0], scan, atol=1e-5)


def lattice(side):
    rows, columns = np.mgrid[:side, :side]
    return 0.5 + 0.2 * np.cos(2 * np.pi * rows / 3.7) * np.cos(2 * np.pi * columns / 4.3)


def test_a_lattice_stays_and_noise_goes(rng):
    truth = lattice(64)
    noise = rng.normal(0, 0.2, truth.shape)
    images = filtered(truth + noise, (16, 32), (2.0,))
    errors = [np.std((image - truth)[8:-8, 8:-8]) for image in np.moveaxis(images, -1, 0)]
    assert errors[0] < 0.6 * 0.2
    assert errors[1] < 0.75 * errors[0]  # the longer a window, the further a lattice stands out


def test_noise_alone_is_flattened(rng):
    image = filtered(0.5 + rng.normal(0, 0.1, (48, 48)), (16,), (3.0,))[..., 0]
    assert np.std(image) < 0.35 * 0.1
    assert abs(image.mean() - 0.5) < 0.01


def test_a_constant_scan_stays(rng):
    np.testing.assert_allclose(filtered(np.full((20, 20), 0.7))[..., 0], 0.7, atol=1e-6)


def test_sizes_come_first_and_strengths_within(rng):
    scan = rng.random((40, 40))
    images = filtered(scan, (8, 16), (1.0, 3.0))
    assert images.shape == (40, 40, 4)
    np.testing.assert_allclose(images[..., 3], filtered(scan, (16,), (3.0,))[..., 0], atol=1e-6)


def test_unknown_sides_give_the_same(rng):
    layer = WindowedWiener((16,), (1.5,))
    scan = tf.constant(rng.random((1, 21, 30, 1)), tf.float32)
    run = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None, 1])])
    np.testing.assert_allclose(run(scan), layer(scan), atol=1e-6)
