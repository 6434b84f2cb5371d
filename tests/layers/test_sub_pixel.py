import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.layers.kernels import bilinear_kernel
from dlss_tf.layers.sub_pixel import SubPixelHeads

FACTORS = (2, 5, 12)


@pytest.fixture
def heads():
    layer = SubPixelHeads(FACTORS)
    layer([tf.zeros([1, 2, 2, 3]), tf.zeros([1, 2, 2, 1]), tf.constant([5])])  # makes its weights
    return layer


def inputs(rng, factor, n=6, m=7):
    arrays = rng.random((2, n, m, 3)), rng.random((2, n, m, 1))
    return [*(tf.constant(array, tf.float32) for array in arrays), tf.constant([factor, factor])]


@pytest.mark.parametrize("factor", FACTORS)
def test_starts_as_bilinear_interpolation_on_the_true_lattice(heads, rng, factor):
    given = inputs(rng, factor)
    pixels = heads(given).numpy()[..., 0]
    assert pixels.shape == (2, 6 * factor, 7 * factor)
    scan = given[1].numpy()[..., 0]
    rows, columns = (np.arange(n * factor) - factor // 2 for n in (6, 7))
    inside = [(at >= 0) & (at <= factor * (n - 1)) for at, n in ((rows, 6), (columns, 7))]
    for image, samples in zip(pixels, scan):
        by_rows = np.stack([np.interp(rows, factor * np.arange(6), column) for column in samples.T], 1)
        expected = np.stack([np.interp(columns, factor * np.arange(7), row) for row in by_rows])
        np.testing.assert_allclose(image[np.ix_(*inside)], expected[np.ix_(*inside)], atol=1e-6)


def test_a_head_adds_what_its_kernel_makes_of_the_features_around_a_sample(heads, rng):
    features, scan, factor = inputs(rng, 5)
    before = heads([features, scan, factor])
    kernel = np.zeros((3, 3, 3, 25), np.float32)
    kernel[1, 2, 1, 5 * 3 + 4] = 2  # pixel (3, 4) of a cell: twice feature 1 of the sample to the right
    heads.kernels[5].assign(kernel)
    added = (heads([features, scan, factor]) - before).numpy()[..., 0]
    cells = added.reshape(2, 6, 5, 7, 5).transpose(0, 1, 3, 2, 4)
    np.testing.assert_allclose(cells[:, :, :-1, 3, 4], 2 * features.numpy()[:, :, 1:, 1], atol=1e-6)
    cells[..., 3, 4] = 0
    np.testing.assert_allclose(cells, 0, atol=1e-6)


def test_a_factor_known_beforehand_gives_the_same(heads, rng):
    features, scan, factor = inputs(rng, 12)
    heads.kernels[12].assign(rng.normal(size=(3, 3, 3, 144)))
    np.testing.assert_array_equal(heads.pixels(features, scan, 12), heads([features, scan, factor]))


@pytest.mark.parametrize("factor", range(2, 13))
def test_bilinear_shares_sum_to_one(factor):
    np.testing.assert_allclose(bilinear_kernel(factor).sum((0, 1, 2)), 1, atol=1e-6)
