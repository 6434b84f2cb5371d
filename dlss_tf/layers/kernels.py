"""Numbers that layers compute with and that are known beforehand, in NumPy: whatever runs a network takes these."""

from __future__ import annotations

import numpy as np

BATCH_NORM_EPSILON = 1e-3
LEAST_NORM = 1e-6  # of weight normalisation's v, so that nothing divides by zero
# Of Wiener filters in windows (windowed_wiener.py):
OVERLAP = 4  # windows over a sample, along an axis
FINE = 0.3  # cycles a sample, from which on coefficients tell the noise of a window
EULER_GAMMA = 0.5772  # by which the mean logarithm of a noise power is below the logarithm of its mean
LEAST_POWER = 1e-10  # of a scan in [0, 1]: above what rounding leaves of coefficients that are 0


def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    """One axis of the kernel, float64 [size], normalised to 1. The 2-D kernel is its outer product with itself."""
    x = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (x / sigma) ** 2)
    return weights / weights.sum()


def bilinear_kernel(factor: int) -> np.ndarray:
    """Bilinear interpolation of a scan as a convolution: float32 [3, 3, 1, s^2], a channel for each of s x s pixels."""
    places = (np.arange(factor) - factor // 2) / factor  # of a cell's pixels, in samples from its own
    shares = np.maximum(0, 1 - np.abs(places[None] - np.array([-1, 0, 1])[:, None]))  # [3, s], of a sample's neighbours
    kernel = np.einsum("ik,jl->ijkl", shares, shares)
    return kernel.reshape(3, 3, 1, factor**2).astype(np.float32)


def normalized_kernel(v: np.ndarray, g: np.ndarray, transposed: bool) -> np.ndarray:
    """g v / ||v||, float32 [k, k, in, out], or [k, k, out, in] of a transposed convolution; the norm is an output's."""
    v, g = v.astype(np.float64), g.astype(np.float64)
    axes, scale = ((0, 1, 3), g[:, None]) if transposed else ((0, 1, 2), g)
    return (v / np.maximum(np.sqrt((v**2).sum(axes, keepdims=True)), LEAST_NORM) * scale).astype(np.float32)


def waves(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of 2 pi j k / size, float32 [size, size]."""
    angles = 2 * np.pi * (np.outer(np.arange(size), np.arange(size)) % size) / size
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def inverse_shares(size: int) -> np.ndarray:
    """What coefficients of rfft count for in its inverse, [size / 2 + 1, 1]; those left out are their conjugates."""
    shares = np.full((size // 2 + 1, 1), 2 / size**2, np.float32)
    shares[[0, -1]] /= 2
    return shares


def fine_frequencies(size: int) -> np.ndarray:
    """1 where a coefficient of rfft2 is of a frequency that tells noise, else 0: float32 [size, size / 2 + 1]."""
    rows, columns = np.abs(np.fft.fftfreq(size))[:, None], np.fft.rfftfreq(size)
    return (np.maximum(rows, columns) > FINE).astype(np.float32)
