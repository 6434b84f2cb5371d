"""Undoing the blur that generators are trained with: 5x5, 2.5 px Gaussian, mirrored borders (paper section II)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ..errors import InputError
from ..layers.blur import blur_target, gaussian_kernel

ITERATIONS, RATE, DECAY, BETA1, BETA2, EPSILON = 100, 0.3, 0.99, 0.9, 0.999, 1e-8
PIXELS = 512 * 512  # of the images that the published rate was chosen for
#: Of `wiener`: the least that does not raise the error of generators' outputs at 1/16 (docs/deconvolution.md).
NOISE_OF_OUTPUTS = 0.1
NOISE_FREE = 3e-4  # of `wiener`, for a blurred image without noise: as close to the truth as ADAM
LEAST_SIDE = 3  # px: shorter images have nothing to mirror


def deblur(images: np.ndarray, method: str) -> np.ndarray:
    """Images [b, h, w], any units, restored by one of `options.DEBLUR_METHODS`; float32, same shape and units.

    Raises:
        InputError: an image shorter than 3 px.
    """
    if min(images.shape[1:]) < LEAST_SIDE:
        height, width = images.shape[1:]
        raise InputError(f"deblur: expected at least {LEAST_SIDE} px a side, found {height}x{width}")
    return {"wiener": wiener, "adam": adam}[method](images)


def adam(images: np.ndarray) -> np.ndarray:
    """As published: 100 steps of ADAM, rate 0.3 x 0.99^i, on the squared difference of image blurred again and image.

    It starts at the blurred image. ADAM's epsilon is not small beside gradients of a mean square over 512x512 px, so
    its steps depend on units and size: each image's range counts as the paper's 1, and gradients are those of 512x512.
    """
    low = images.min((1, 2), keepdims=True)
    scale = images.max((1, 2), keepdims=True) - low
    scale = np.where(scale > 0, scale, 1)
    blurred = tf.constant((images - low) / scale, tf.float32)[..., None]
    return _adam(blurred).numpy()[..., 0] * scale + low


@tf.function(input_signature=[tf.TensorSpec([None, None, None, 1])])
def _adam(blurred: tf.Tensor) -> tf.Tensor:
    image, first, second = blurred, tf.zeros_like(blurred), tf.zeros_like(blurred)
    for i in tf.range(ITERATIONS):
        with tf.GradientTape() as tape:
            tape.watch(image)
            residual = tf.reduce_sum(tf.square(blur_target(image) - blurred)) / PIXELS
        gradient = tape.gradient(residual, image)
        step = tf.cast(i + 1, tf.float32)
        first = BETA1 * first + (1 - BETA1) * gradient
        second = BETA2 * second + (1 - BETA2) * tf.square(gradient)
        rate = RATE * DECAY ** (step - 1) * tf.sqrt(1 - BETA2**step) / (1 - BETA1**step)
        image = image - rate * first / (tf.sqrt(second) + EPSILON)
    return image


def wiener(images: np.ndarray, noise: float = NOISE_OF_OUTPUTS) -> np.ndarray:
    """The x that minimises |B x - image|^2 + noise |x - image|^2, B being the blur. NumPy alone.

    Under mirrored borders B multiplies each frequency of the image's mirrored double by a number K, so that
    X = (K + noise) / (K^2 + noise) times the image's transform. `noise` is its power over the true image's.
    """
    height, width = images.shape[1:]
    mirrored = np.pad(images.astype(np.float64), ((0, 0), (0, height - 2), (0, width - 2)), mode="reflect")
    blur = _transfer(height)[:, None] * _transfer(width)[:width]
    gain = (blur + noise) / (blur**2 + noise)
    restored = np.fft.irfft2(np.fft.rfft2(mirrored) * gain, s=mirrored.shape[1:])
    return restored[:, :height, :width].astype(np.float32)


def _transfer(side: int) -> np.ndarray:
    """What the blur along an axis of `side` px multiplies each frequency of its mirrored double by."""
    kernel = gaussian_kernel(5, 2.5)
    frequency = 2 * np.pi * np.fft.fftfreq(2 * side - 2)
    return kernel[2] + 2 * kernel[3] * np.cos(frequency) + 2 * kernel[4] * np.cos(2 * frequency)
