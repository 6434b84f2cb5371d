import numpy as np
import pytest
from golden import trace

from dlss_tf.layers import kernels


@pytest.mark.parametrize(("size", "sigma", "name"), [(5, 2.5, "kernel5"), (3, 1.5, "kernel3")])
def test_gaussian_is_the_published_one(size, sigma, name):
    axis = kernels.gaussian_kernel(size, sigma)
    np.testing.assert_allclose(np.outer(axis, axis), trace("blur")[name], rtol=1e-6)


@pytest.mark.parametrize("factor", [2, 5, 12])
def test_bilinear_shares_sum_to_one_and_keep_the_sample(factor):
    kernel = kernels.bilinear_kernel(factor)
    np.testing.assert_allclose(kernel.sum((0, 1, 2)), 1, rtol=1e-6)
    own = kernel[:, :, 0, factor // 2 * factor + factor // 2]
    np.testing.assert_array_equal(own, np.outer([0, 1, 0], [0, 1, 0]))


def test_normalized_kernels_have_norm_g(rng):
    v, g = rng.normal(size=(3, 3, 4, 5)), rng.random(5)
    np.testing.assert_allclose(np.sqrt((kernels.normalized_kernel(v, g, False) ** 2).sum((0, 1, 2))), g, rtol=1e-5)
    g = rng.random(4)
    np.testing.assert_allclose(np.sqrt((kernels.normalized_kernel(v, g, True) ** 2).sum((0, 1, 3))), g, rtol=1e-5)
    assert not kernels.normalized_kernel(np.zeros((1, 1, 1, 1)), np.ones(1), False).any()


def test_waves_are_those_of_rfft(rng):
    x = rng.random(16)
    cosine, sine = kernels.waves(16)
    real, imaginary = (x @ cosine)[:9], (-x @ sine)[:9]
    np.testing.assert_allclose(real + 1j * imaginary, np.fft.rfft(x), atol=1e-5)
    shares = kernels.inverse_shares(16)[:, 0]
    back = (shares * 16 * real) @ cosine[:9] - (shares * 16 * imaginary) @ sine[:9]
    np.testing.assert_allclose(back, x, atol=1e-5)


def test_fine_frequencies_are_those_beyond_three_tenths():
    fine = kernels.fine_frequencies(16)
    assert fine.shape == (16, 9)
    assert not fine[:5, :5].any() and not fine[-4:, :5].any() and fine[5:12].all() and fine[:, 5:].all()
