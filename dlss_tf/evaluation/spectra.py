"""Power spectra of outputs and truths: has an output the truth's noise, or is it smooth (paper section III)?"""

from __future__ import annotations

import numpy as np

from ..errors import InputError

#: Spatial frequencies that count as high, cycles/px: from half the Nyquist frequency up to it.
HIGH = (0.25, 0.5)


def power_spectrum(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Power by spatial frequency of [N, N] in any units: frequencies in cycles/px and power, float64 [N/2] each.

    The mean of |FFT|^2 / N^2 over rings one frequency sample wide, 1/N to 1/2 cycles/px, of the image less its mean
    under a Hann window of unit mean square, so that white noise has its variance as power throughout.

    Raises:
        InputError: unless the image is square with an even side.
    """
    transformed = _transform(image)
    frequency, power = _ring_means(np.abs(transformed) ** 2)
    return frequency, power / transformed.size


def fourier_ring_correlation(image: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How alike two images [N, N] are by spatial frequency: in cycles/px, and correlation in [-1, 1], [N/2] each.

    The cosine of the angle between their transforms on the rings of `power_spectrum`: 1 for one image and a multiple of
    it, about 0 for what has nothing in common, and sqrt(r / (r + 1)) for a truth and the same with noise of 1/r of its
    power. 0 where either image is without power.

    Raises:
        InputError: unless both are square with an even side, and of one shape.
    """
    first, second = _transform(image), _transform(truth)
    if first.shape != second.shape:
        raise InputError(f"ring correlation: expected images of one shape, found {image.shape} and {truth.shape}")
    frequency, common = _ring_means((first * second.conj()).real)
    powers = [_ring_means(np.abs(each) ** 2)[1] for each in (first, second)]
    scale = np.sqrt(powers[0] * powers[1])
    return frequency, np.divide(common, scale, out=np.zeros_like(common), where=scale > 0)


def _transform(image: np.ndarray) -> np.ndarray:
    """Of [N, N] less its mean, under a Hann window of unit mean square."""
    if image.ndim != 2 or image.shape[0] != image.shape[1] or image.shape[0] % 2:
        raise InputError(f"power spectrum: expected a square image of even side, found {list(image.shape)}")
    window = np.hanning(image.shape[0] + 1)[:-1]
    window /= np.sqrt(np.mean(window**2))
    return np.fft.fft2((image - image.mean(dtype=np.float64)) * window * window[:, None])


def _ring_means(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of a transform's values [N, N] over rings one frequency sample wide: cycles/px and means, [N/2] each."""
    size = values.shape[0]
    frequency = np.fft.fftfreq(size) * size
    ring = np.rint(np.hypot(frequency[:, None], frequency)).astype(int)
    means = np.bincount(ring.ravel(), values.ravel()) / np.bincount(ring.ravel())
    return np.arange(1, size // 2 + 1) / size, means[1 : size // 2 + 1]


def high_frequency_difference(output: np.ndarray, truth: np.ndarray) -> float:
    """How far an output's power is from the truth's at high frequencies, decades; 0 is right, -1 a tenth of it.

    The mean of log10(power of output / power of truth) from 0.25 to 0.5 cycles/px; [N, N] twice, in the same units.
    """
    return float(np.mean(_high_decades(power_spectrum(output)[1], power_spectrum(truth)[1])))


def largest_difference(power: np.ndarray, expected: np.ndarray) -> float:
    """The largest |log10(power / expected)| of two spectra, as `power_spectrum` has them, at high frequencies."""
    return float(np.max(np.abs(_high_decades(power, expected))))


def _high_decades(power: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """log10(power / expected) of spectra [N/2] from 0.25 to 0.5 cycles/px."""
    frequency = np.arange(1, len(power) + 1) / (2 * len(power))
    high = (frequency >= HIGH[0]) & (frequency <= HIGH[1])
    least = 1e-20  # of a constant image, far below any detector's noise
    return np.log10((power[high] + least) / (expected[high] + least))
