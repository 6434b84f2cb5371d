"""Symmetric Gaussian blur of targets (5x5, 2.5 px) and adversarial outputs (3x3, 1.5 px): paper section II."""

from __future__ import annotations

import tensorflow as tf

from .._compat import gaussian_filter2d
from .kernels import gaussian_kernel


def separable_blur(images: tf.Tensor, size: int, sigma: float) -> tf.Tensor:
    """As `gaussian_blur`, by one convolution along each axis."""
    half = size // 2
    kernel = tf.constant(gaussian_kernel(size, sigma), images.dtype)
    padded = tf.pad(images, [[0, 0], [half, half], [half, half], [0, 0]], "REFLECT")
    rows = tf.nn.conv2d(padded, kernel[:, None, None, None], 1, "VALID")
    return tf.nn.conv2d(rows, kernel[None, :, None, None], 1, "VALID")


def gaussian_blur(images: tf.Tensor, size: int, sigma: float) -> tf.Tensor:
    """Blur [batch, h, w, 1] with a size x size Gaussian of `sigma` px; borders reflect without repeating the edge."""
    if gaussian_filter2d is None:
        return separable_blur(images, size, sigma)
    return gaussian_filter2d(images, (size, size), sigma, padding="REFLECT")


def blur_output(images: tf.Tensor) -> tf.Tensor:
    """G(I) as eq. 10's MSE sees it: a 3x3 Gaussian of 1.5 px keeps realistic noise from being suppressed."""
    return gaussian_blur(images, 3, 1.5)


def blur_target(images: tf.Tensor) -> tf.Tensor:
    """I_blur of eq. 3 and 7: the target under a 5x5 Gaussian of 2.5 px. [batch, h, w, 1], any scale."""
    return gaussian_blur(images, 5, 2.5)
