import numpy as np
import pytest
import tensorflow as tf
from golden import real_image, trace

from dlss_tf import Supersampler
from dlss_tf.errors import InputError
from dlss_tf.evaluation.images import blurred
from dlss_tf.inference import deconvolution
from dlss_tf.inference.options import DEBLUR_METHODS
from dlss_tf.layers.blur import blur_target


@pytest.fixture
def image(rng):
    """Blobs a few px wide, in units of a detector; [40, 50]."""
    y, x = np.mgrid[:40, :50]
    spots = rng.random((12, 2)) * (40, 50)
    return 1000 + sum(300 * np.exp(-((y - a) ** 2 + (x - b) ** 2) / 8) for a, b in spots).astype(np.float32)


@pytest.mark.parametrize("method", DEBLUR_METHODS)
def test_a_blurred_image_is_restored(image, method):
    soft = blurred(image)
    options = {"noise": deconvolution.NOISE_FREE} if method == "wiener" else {}
    restored = getattr(deconvolution, method)(soft[None], **options)[0]
    assert restored.dtype == np.float32
    np.testing.assert_array_equal(deconvolution.deblur(soft[None], method), getattr(deconvolution, method)(soft[None]))
    # Every step of ADAM's moves flat parts, too: on an image with many of them it gains little.
    gain = {"wiener": 0.4, "adam": 1.0}[method]
    assert np.mean((restored - image) ** 2) < gain * np.mean((soft - image) ** 2)
    assert np.mean((blurred(restored) - soft) ** 2) < 0.01 * np.mean((blurred(soft) - soft) ** 2)


def test_wiener_is_the_least_squares_solution(rng):
    """Against a dense solve with the blur's own matrix, made by blurring every single pixel."""
    shape, r = (6, 9), deconvolution.NOISE_FREE
    pixels = np.eye(shape[0] * shape[1], dtype=np.float32).reshape(-1, *shape)
    blur = np.stack([blurred(pixel).ravel() for pixel in pixels], axis=1).astype(np.float64)
    soft = rng.random(shape)
    # The mirror counts inner pixels twice or four times; with its weights the normal equations are the transform's.
    weights = np.outer(*(np.r_[1, np.full(n - 2, 2), 1] for n in shape)).ravel()
    adjoint = (blur * weights[:, None]).T / weights[:, None]
    expected = np.linalg.solve(
        adjoint @ blur + r * np.eye(blur.shape[0]), (adjoint + r * np.eye(blur.shape[0])) @ soft.ravel()
    )
    restored = deconvolution.wiener(soft[None], r)[0]
    np.testing.assert_allclose(restored.ravel(), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", DEBLUR_METHODS)
def test_units_and_constants(image, method):
    soft = blurred(image)
    restored = deconvolution.deblur(np.stack([soft, 5 * soft - 200, np.full_like(soft, 7)]), method)
    np.testing.assert_allclose(restored[1], 5 * restored[0] - 200, rtol=1e-3)
    np.testing.assert_allclose(restored[2], 7, rtol=1e-5)


def test_other_input_is_refused():
    with pytest.raises(InputError, match="deblur: expected at least 3 px a side, found 2x8"):
        deconvolution.deblur(np.zeros((1, 2, 8)), "wiener")


def test_outputs_of_a_generator_are_deblurred(rng, runtime):
    supersampler, scan = Supersampler(runtime=runtime), rng.random((2, 9, 12)).astype(np.float32)
    plain = supersampler(scan, 4)
    deblurred = supersampler(scan, 4, deblur="wiener", keep_known=True)
    np.testing.assert_array_equal(deblurred[:, ::4, ::4], scan)
    expected = deconvolution.wiener(plain)
    np.testing.assert_allclose(deblurred[:, 1::4], expected[:, 1::4], atol=1e-5)


def blur_matrix(height, width):
    """[pixels, pixels]: the blur by the published code's kernel, borders reflected without repeating the edge."""
    matrix, kernel = np.zeros((height, width, height, width)), trace("blur")["kernel5"]
    rows, columns = (np.pad(np.arange(n), 2, mode="reflect") for n in (height, width))
    for y, x, i, j in np.ndindex(height, width, 5, 5):
        matrix[y, x, rows[y + i], columns[x + j]] += kernel[i, j]
    return matrix.reshape(height * width, -1)


def test_adam_is_as_published_in_numpy(rng):
    """Section II: 100 steps from the blurred image on the mean square over 512x512 px, rate 0.3 x 0.99^i."""
    blur, side = blur_matrix(14, 17), 512
    soft = blur @ rng.random(14 * 17)
    image, first, second = soft.copy(), np.zeros_like(soft), np.zeros_like(soft)
    for i in range(100):
        gradient = 2 * blur.T @ (blur @ image - soft) / side**2
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        unbiased = first / (1 - 0.9 ** (i + 1)), second / (1 - 0.999 ** (i + 1))
        epsilon = 1e-8 / np.sqrt(1 - 0.999 ** (i + 1))  # TensorFlow adds it to the root before that is unbiased
        image -= 0.3 * 0.99**i * unbiased[0] / (np.sqrt(unbiased[1]) + epsilon)
    restored = deconvolution._adam(soft.reshape(1, 14, 17).astype(np.float32)).ravel()
    np.testing.assert_allclose(restored, image, atol=2e-3)
    assert np.abs(image - soft).max() > 0.1


@pytest.mark.parametrize("shape", [(2, 3, 3), (1, 14, 17), (2, 4, 40)])
def test_blur_is_that_of_training_and_adam_that_of_automatic_gradients(shape, rng):
    images = rng.random(shape, np.float32)
    soft = blur_target(tf.constant(images[..., None]))
    np.testing.assert_allclose(deconvolution.blur(images), soft[..., 0], atol=1e-6)
    image, first, second = tf.identity(soft), tf.zeros_like(soft), tf.zeros_like(soft)
    for i in range(deconvolution.ITERATIONS):
        with tf.GradientTape() as tape:
            tape.watch(image)
            residual = tf.reduce_sum(tf.square(blur_target(image) - soft)) / deconvolution.PIXELS
        gradient = tape.gradient(residual, image)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * tf.square(gradient)
        rate = 0.3 * 0.99**i * (1 - 0.999 ** (i + 1)) ** 0.5 / (1 - 0.9 ** (i + 1))
        image = image - rate * first / (tf.sqrt(second) + 1e-8)
    np.testing.assert_allclose(deconvolution._adam(soft.numpy()[..., 0]), image[..., 0], atol=1e-5)


def test_published_figures():
    crop, published = real_image("train/truth-1.tif"), trace("deconvolution")
    crop = (crop - crop.min()) / np.ptp(crop)
    soft = blurred(crop)
    restored = deconvolution._adam(soft[None])[0]  # in the crop's own scale, as published
    np.testing.assert_allclose(restored, published["restored"], atol=5e-4)  # kept in half precision
    assert np.mean((blurred(restored) - soft) ** 2) == pytest.approx(published["residual"], rel=1e-3)
    assert np.mean((restored - crop) ** 2) == pytest.approx(published["mse_restored_vs_truth"], rel=1e-3)
    assert np.mean((soft - crop) ** 2) == pytest.approx(published["mse_blurred_vs_truth"], rel=1e-3)
    directly = deconvolution.wiener(soft[None], deconvolution.NOISE_FREE)[0]
    assert np.mean((directly - crop) ** 2) < published["mse_restored_vs_truth"]
