"""Empirical Wiener filters in overlapping windows: a lattice stands out of noise in the Fourier transform of a window.

A convolution sees a few samples; a window of 64 sees the 200 columns of a lattice at once, whose few Fourier
coefficients are far above the noise that all others share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow import keras

from .kernels import EULER_GAMMA, LEAST_POWER, OVERLAP, fine_frequencies, inverse_shares, waves


class WindowedWiener(keras.layers.Layer):
    """A scan filtered in windows of each of `sizes` samples, at each of `strengths`: [b, h, w, 1] -> [b, h, w, k].

    In Hann windows, 16 over every sample, each Fourier coefficient F of power |F|^2 is multiplied by
    max(0, 1 - a E / |F|^2), E being the power of the window's fine coefficients: their geometric mean, which peaks of a
    lattice hardly move, times the constant that makes it the mean of white noise's. `strengths` are the a. Beyond its
    borders the scan is mirrored. Float32.
    """

    def __init__(self, sizes: Sequence[int], strengths: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sizes, self.strengths = tuple(sizes), tuple(strengths)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The filtered scans, sizes first."""
        scan = tf.cast(inputs[..., 0], tf.float32)
        filtered = [image for size in self.sizes for image in _filtered(scan, size, self.strengths)]
        return tf.ensure_shape(tf.stack(filtered, -1), [*inputs.shape[:3], len(filtered)])

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        return {**super().get_config(), "sizes": self.sizes, "strengths": self.strengths}


def _filtered(scan: tf.Tensor, size: int, strengths: Sequence[float]) -> list[tf.Tensor]:
    """Scans [b, h, w] filtered at each of the strengths."""
    step = size // OVERLAP
    height, width = (scan.shape[axis] or tf.shape(scan)[axis] for axis in (1, 2))
    padded = tf.gather(tf.gather(scan, _mirrored(height, size), axis=1), _mirrored(width, size), axis=2)
    windows = tf.signal.frame(tf.signal.frame(padded, size, step, axis=1), size, step, axis=3)
    windows = tf.transpose(windows, [0, 1, 3, 2, 4])  # [b, rows, columns, size, size]
    hann = tf.signal.hann_window(size, periodic=True)
    window = hann[:, None] * hann
    mean = tf.reduce_sum(windows * window, (3, 4), keepdims=True) / tf.reduce_sum(window)
    real, imaginary = _fourier((windows - mean) * window, size)
    power = tf.square(real) + tf.square(imaginary) + LEAST_POWER
    fine = tf.constant(fine_frequencies(size), tf.float32)
    noise = tf.reduce_sum(tf.math.log(power) * fine, (3, 4), keepdims=True) / tf.reduce_sum(fine)
    ratio = tf.exp(noise + EULER_GAMMA) / power
    images = []
    for strength in strengths:
        kept = tf.nn.relu(1 - strength * ratio)
        windows = (_inverse(real * kept, imaginary * kept, size) + mean * window) * window
        added = _overlapped(windows, step) / (OVERLAP * 3 / 8) ** 2  # Hann's squares sum to 3/8 of the windows' number
        images.append(added[:, size - step :, size - step :][:, :height, :width])
    return images


def _fourier(windows: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Real and imaginary part of rfft2 of windows [..., size, size], as products of matrices.

    They take up to twice as long as TensorFlow's FFT, little beside the network, and every runtime has them.
    """
    cosine, sine = waves(size)
    half = size // 2 + 1
    real, imaginary = windows @ cosine[:, :half], -(windows @ sine[:, :half])
    return cosine @ real + sine @ imaginary, cosine @ imaginary - sine @ real


def _inverse(real: tf.Tensor, imaginary: tf.Tensor, size: int) -> tf.Tensor:
    """Windows [..., size, size] that `_fourier` gives these for."""
    cosine, sine = waves(size)
    half, shares = size // 2 + 1, inverse_shares(size)
    real, imaginary = cosine @ real - sine @ imaginary, cosine @ imaginary + sine @ real
    return real @ (shares * cosine[:half]) - imaginary @ (shares * sine[:half])


def _mirrored(side: int | tf.Tensor, size: int) -> tf.Tensor:
    """Which sample lies where on an axis that is mirrored, as often as need be, for whole windows over all samples."""
    step = size // OVERLAP
    places = tf.range(step - size, side + -side % step + size - step)
    folded = places % (2 * side)
    return tf.minimum(folded, 2 * side - 1 - folded)


def _overlapped(windows: tf.Tensor, step: int) -> tf.Tensor:
    """The sum of windows [b, rows, columns, size, size], `step` samples apart: [b, h, w]."""
    columns = tf.signal.overlap_and_add(tf.transpose(windows, [0, 2, 4, 1, 3]), step)  # [b, columns, size, h]
    return tf.signal.overlap_and_add(tf.transpose(columns, [0, 3, 1, 2]), step)
