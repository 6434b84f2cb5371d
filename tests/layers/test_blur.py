import numpy as np
import pytest
import tensorflow as tf
from golden import real_image, trace

from dlss_tf import _compat
from dlss_tf.layers.blur import gaussian_blur, separable_blur

KERNELS = [(5, 2.5, "blur5_2p5", "kernel5"), (3, 1.5, "blur3_1p5", "kernel3")]
IMPLEMENTATIONS = [gaussian_blur, separable_blur]


@pytest.mark.parametrize("blur", IMPLEMENTATIONS)
@pytest.mark.parametrize(("size", "sigma", "name", "_"), KERNELS)
def test_matches_the_published_code(blur, size, sigma, name, _):
    image = real_image("train/truth-1.tif")
    image = (image - image.min()) / np.ptp(image)
    blurred = blur(tf.constant(image[None, :, :, None]), size, sigma)
    np.testing.assert_allclose(blurred[0, :, :, 0], trace("blur")[name], atol=1e-6)


@pytest.mark.parametrize("blur", IMPLEMENTATIONS)
@pytest.mark.parametrize(("size", "sigma", "_", "kernel"), KERNELS)
def test_is_the_weighted_mean_of_a_reflected_neighbourhood(rng, blur, size, sigma, _, kernel):
    image, weights = rng.normal(size=(9, 12)).astype(np.float32), trace("blur")[kernel]
    padded = np.pad(image, size // 2, mode="reflect")
    expected = [[(padded[i : i + size, j : j + size] * weights).sum() for j in range(12)] for i in range(9)]
    np.testing.assert_allclose(blur(tf.constant(image[None, :, :, None]), size, sigma)[0, :, :, 0], expected, atol=1e-6)


@pytest.mark.skipif(_compat.gaussian_filter2d is None, reason="TensorFlow Addons is not on this stack")
def test_addons_supplies_the_blur_where_it_is_installed(monkeypatch):
    monkeypatch.setattr("dlss_tf.layers.blur.separable_blur", lambda *_: pytest.fail("our own blur ran"))
    gaussian_blur(tf.zeros([1, 8, 8, 1]), 5, 2.5)
