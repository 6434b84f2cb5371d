"""What befalls a scan while it is scanned, on an image [H, W] in [0, 1] of which every `factor`-th row will be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

SEED = 0


def drift(image: np.ndarray, factor: int) -> np.ndarray:
    """Rows are displaced: by a shear of 2 samples over the image, and each by 0.4 samples, standard deviation."""
    rng, side = np.random.default_rng(SEED), len(image)
    columns = np.arange(image.shape[1])
    moved = factor * (2 * np.arange(side) / side + rng.normal(0, 0.4, side))
    return np.stack([np.interp(columns + each, columns, row) for each, row in zip(moved, image)]).astype(np.float32)


def dose(image: np.ndarray, factor: int) -> np.ndarray:
    """Shot noise of 4 electrons a sample where the image is 1."""
    return (np.random.default_rng(SEED).poisson(4 * image.clip(0)) / 4).astype(np.float32)


def saturation(image: np.ndarray, factor: int) -> np.ndarray:
    """The detector's range ends where the image is 0.35."""
    return np.minimum(image, np.float32(0.35))


def hum(image: np.ndarray, factor: int) -> np.ndarray:
    """The mains' hum on the signal: a wave of 0.1 along the rows scanned, 3.4 of them a period."""
    wave = 0.1 * np.sin(2 * np.pi * np.arange(len(image)) / (3.4 * factor))
    return image + wave[:, None].astype(np.float32)


def charging(image: np.ndarray, factor: int) -> np.ndarray:
    """Streaks, as of a specimen that charges: one row in eight loses half of its signal from some column on."""
    rng, spoiled = np.random.default_rng(SEED), image.copy()
    rows = np.flatnonzero(rng.random(len(image)) < 1 / 8)
    for row, start in zip(rows, rng.integers(0, image.shape[1], len(rows))):
        spoiled[row, start:] *= 0.5
    return spoiled


Spoil = Callable[[np.ndarray, int], np.ndarray]
SPOILS: Mapping[str, Spoil] = MappingProxyType(
    {each.__name__: each for each in (drift, dose, saturation, hum, charging)}
)
