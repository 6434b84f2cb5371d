"""What a scan holds and its image lacks, told from noise by its spectrum and added to the image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import lattice

#: Sides of the windows whose spectra are looked at, in samples, one after another: order that reaches far (lattices)
#: rises above the noise in wide ones, edges and small particles in narrow ones.
WINDOWS = (128, 64, 32, 16)
#: How far above the highest expected of noise alone a Fourier coefficient's power starts to count.
MARGIN = 1.3


def refine(images: np.ndarray, scans: np.ndarray, factor: int, first: Sequence[int] = (0, 0)) -> np.ndarray:
    """Images [b, H, W] with what their scans [b, h, w], finite and in the same units, say beyond them; float32.

    Samples differ from the image by noise and by the generator's errors. Noise is as strong at all frequencies, so
    that errors are taken to be the coefficients that stand out of a window's spectrum; they are interpolated by Keys'
    cubic convolution. `first` is the first sampled row and column. Scans of fewer than 16 samples a side leave the
    image as it is.
    """
    return np.stack([_refined(*pair, factor, first) for pair in zip(images, scans)])


def _refined(image: np.ndarray, scan: np.ndarray, factor: int, first: Sequence[int]) -> np.ndarray:
    difference = (scan - image[first[0] :: factor, first[1] :: factor]).astype(np.float32)
    error = np.zeros_like(difference)
    for side in WINDOWS:
        if side <= min(scan.shape):
            error += _without_noise(difference - error, side)
    return image + lattice.bicubic(error, image.shape, factor, first)


def _without_noise(values: np.ndarray, side: int) -> np.ndarray:
    """What stands out of the noise in values [h, w], in windows of `side`^2 that overlap by half; same shape."""
    half = side // 2
    padded = np.pad(values, [(half, half + -n % half) for n in values.shape], mode="symmetric")
    sine = np.sin(np.pi * (np.arange(side) + 0.5) / side)
    weights = sine[:, None] * sine  # their squares, over all windows, sum to 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))[::half, ::half]
    spectra = np.fft.rfft2(windows * weights)
    power = np.abs(spectra) ** 2
    threshold = MARGIN * _noise_power(power) * np.log(side**2 / 2)  # the highest expected of so many coefficients
    share = 1 - threshold / np.maximum(np.maximum(power, threshold), np.finfo(float).tiny)
    parts = np.fft.irfft2(spectra * share, s=(side, side)) * weights
    total = np.zeros_like(padded)
    for i, row in enumerate(parts):
        for j, part in enumerate(row):
            total[i * half : i * half + side, j * half : j * half + side] += part
    return total[half : half + values.shape[0], half : half + values.shape[1]]


def _noise_power(power: np.ndarray) -> np.ndarray:
    """Mean power of noise in windows' spectra [rows, columns, side, side / 2 + 1]: [rows, columns, 1, 1].

    From medians at high frequencies, where little else is; noise's power is distributed exponentially. The greater of
    a window's, since shot noise is stronger where it is bright, and the scan's, since a window has few coefficients.
    """
    side = power.shape[2]
    high = np.maximum(abs(np.fft.fftfreq(side))[:, None], np.fft.rfftfreq(side)) >= 0.375
    power = power[..., high] / np.log(2)
    return np.maximum(np.median(power, axis=2), np.median(power))[..., None, None]
