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
    if image.ndim != 2 or image.shape[0] != image.shape[1] or image.shape[0] % 2:
        raise InputError(f"power spectrum: expected a square image of even side, found {list(image.shape)}")
    size = image.shape[0]
    window = np.hanning(size + 1)[:-1]
    window /= np.sqrt(np.mean(window**2))
    transformed = np.fft.fft2((image - image.mean(dtype=np.float64)) * window * window[:, None])
    frequency = np.fft.fftfreq(size) * size
    ring = np.rint(np.hypot(frequency[:, None], frequency)).astype(int)
    power = np.bincount(ring.ravel(), np.abs(transformed).ravel() ** 2 / size**2) / np.bincount(ring.ravel())
    return np.arange(1, size // 2 + 1) / size, power[1 : size // 2 + 1]


def high_frequency_difference(output: np.ndarray, truth: np.ndarray) -> float:
    """How far an output's power is from the truth's at high frequencies, decades; 0 is right, -1 a tenth of it.

    The mean of log10(power of output / power of truth) from 0.25 to 0.5 cycles/px; [N, N] twice, in the same units.
    """
    frequency, power = power_spectrum(output)
    _, expected = power_spectrum(truth)
    high = (frequency >= HIGH[0]) & (frequency <= HIGH[1])
    least = 1e-20  # of a constant image, far below any detector's noise
    return float(np.mean(np.log10((power[high] + least) / (expected[high] + least))))
