"""How a specimen is imaged: probe blur, scan distortion, contrast, dose and detector."""

from __future__ import annotations

import numpy as np

from . import fields

MARGIN = 32  # pixels simulated around the crop: hides the wrap-around of Fourier filters, gives scan distortion room


def probe_transfer(rng: np.random.Generator, n: int, feature: float) -> np.ndarray:
    """Transfer function of the probe: a slightly astigmatic Gaussian core with Lorentzian tails.

    Its width goes with the finest `feature`: microscopists choose the pixel size to match what they resolve.
    """
    sigma = max(feature * rng.uniform(0.2, 0.9), rng.uniform(0.4, 1.2))
    squared = fields.squared_frequency(n, float(rng.choice([1, 1, rng.uniform(1, 1.8)])), rng.uniform(0, np.pi))
    core = np.exp(-2 * (np.pi * sigma) ** 2 * squared)
    tails = np.exp(-2 * np.pi * sigma * rng.uniform(2, 6) * np.sqrt(squared))
    share = rng.choice([0, rng.uniform(0, 0.4)])
    return (1 - share) * core + share * tails


def _random_walk(rng: np.random.Generator, n: int, spread: float) -> np.ndarray:
    walk = np.cumsum(rng.normal(0, 1, n))
    walk -= np.linspace(walk[0], walk[-1], n)
    return spread * walk / max(float(np.abs(walk).max()), 1e-9)


def _scan_shifts(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Displacements in pixels: slow axis per row, fast axis per row, fast axis per column.

    Drift shears and stretches the image, stray fields and vibration move whole rows, and the beam lags after flyback.
    """
    row = np.arange(size)
    centred = row / size - 0.5
    slow = rng.normal(0, 4) * centred + _random_walk(rng, size, rng.uniform(0, 2))
    fast = rng.normal(0, 6) * centred + _random_walk(rng, size, rng.uniform(0, 2))
    if fields.chance(rng, 0.6):
        fast = fast + rng.normal(0, fields.log_uniform(rng, 0.05, 1.0), size)
        slow = slow + rng.normal(0, fields.log_uniform(rng, 0.03, 0.4), size)
    if fields.chance(rng, 0.3):  # mains hum, aliased by the row frequency
        fast = fast + fields.log_uniform(rng, 0.1, 1.5) * np.sin(
            2 * np.pi * rng.uniform(0.01, 0.5) * row + rng.uniform(0, 6)
        )
    column = np.zeros(size)
    if fields.chance(rng, 0.15):
        column = rng.uniform(3, 25) * np.exp(-np.arange(size) / rng.uniform(4, 40))
    return slow, fast, column


def scan(rng: np.random.Generator, image: np.ndarray, size: int) -> np.ndarray:
    """`size` rows and columns of the image as a distorted scan visits them, interpolated linearly."""
    last = len(image) - 1.001
    slow, fast, column = _scan_shifts(rng, size)
    y = (np.arange(size) + MARGIN + slow).clip(0, last)
    low = y.astype(np.int64)
    part = (y - low).astype(np.float32)[:, None]
    rows = image[low] * (1 - part) + image[low + 1] * part
    x = (np.arange(size) + MARGIN + column + fast[:, None]).clip(0, last).astype(np.float32)
    low = x.astype(np.int64)
    part = x - low
    low += np.arange(size)[:, None] * len(image)
    flat = rows.reshape(-1)
    return flat[low] * (1 - part) + flat[low + 1] * part


def contrast(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The share of the beam that the detector collects: dark field, or bright field where what scatters is dark."""
    if fields.chance(rng, 0.2):
        return np.exp(-rng.uniform(0.3, 2) * image)
    return image + np.float32(rng.choice([0, 0.02, 0.1, rng.uniform(0.1, 1)]))


def detect(rng: np.random.Generator, image: np.ndarray, dose: float) -> np.ndarray:
    """Detector signal for `dose` electrons detected per pixel where the image is 1."""
    size = len(image)
    flicker = rng.normal(1, rng.choice([0, 0, fields.log_uniform(rng, 0.003, 0.05)]), (size, 1)).clip(
        0.5
    )  # of the emission
    signal = rng.poisson((dose * image * flicker).clip(0)).astype(np.float32)
    if fields.chance(rng, 0.3):  # the scintillator's afterglow smears fast scans along the row, noise included
        decay = rng.uniform(0.1, 0.6)
        kernel = decay ** np.arange(6)
        padded = np.pad(signal, ((0, 0), (5, 0)), mode="edge")
        signal = sum(k * padded[:, 5 - j : 5 - j + size] for j, k in enumerate(kernel / kernel.sum()))
    if fields.chance(rng, 0.15):  # files that were resampled or smoothed before anyone shared them
        signal = fields.blur(np.pad(signal, 8, mode="reflect"), rng.uniform(0.4, 1.0))[8:-8, 8:-8]
    readout = rng.choice([0, fields.log_uniform(rng, 0.05, 1.5)])  # in units of a typical shot noise
    signal = signal + np.float32(readout * np.sqrt(0.2 * dose)) * rng.standard_normal(signal.shape, dtype=np.float32)
    if fields.chance(rng, 0.15):
        signal = signal.clip(*np.percentile(signal, [rng.uniform(0, 2), rng.uniform(97, 100)]))
    if fields.chance(rng, 0.3):
        levels = rng.uniform(60, 255)  # 8 bit files, often without the full range
        low, span = float(signal.min()), max(float(np.ptp(signal)), 1e-6)
        signal = np.round((signal - low) * (levels / span)) * (span / levels) + low
    return (signal * fields.log_uniform(rng, 0.01, 100) + rng.uniform(-50, 500)).astype(np.float32)


def dose(rng: np.random.Generator) -> float:
    """Electrons detected per pixel in bright parts: from barely enough to see anything to nearly noise-free."""
    return fields.log_uniform(rng, 4, 4000)


def least_dose(rng: np.random.Generator, image: np.ndarray) -> float:
    """The dose below which nobody would have kept the micrograph: structure is too weak against the shot noise."""
    signal_to_noise = fields.log_uniform(rng, 0.1, 1)  # variance of the structure over variance of the noise
    return float(min(signal_to_noise * image.mean() / max(image.var(), 1e-9), 1e5))
