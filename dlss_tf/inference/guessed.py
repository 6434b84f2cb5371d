"""Where an image holds detail that its scan cannot tell: finer than the scan's Nyquist limit, and so guessed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

WINDOW = 2.0  # samples, the standard deviation of the Gaussian that "local" means
FLAT = 1e-3  # of the image's variance: where less than that varies there is nothing to be guessed
MARKED = 0.05  # of the local power; beyond it outputs were off by a third of their variance (docs/unified-scan.md)


def guessed(images: np.ndarray, factor: int) -> np.ndarray:
    """The local share of the power of images [b, H, W] beyond their scans' Nyquist limit: float32, same shape, 0 to 1.

    Local is what a Gaussian of two samples' deviation covers, power what varies there, and beyond the limit all at
    spatial frequencies above 1/(2 factor) a px along either axis. A lattice that the scan takes for a much coarser one
    has none of it: the scan alone does not tell these two (`evaluation.check` does, with the image).
    """
    return np.stack([_share(image, factor) for image in images])


def share_marked(share: np.ndarray) -> float:
    """How much of an image is guessed, by its map: 0 to 1."""
    return float(np.mean(share > MARKED))


def _share(image: np.ndarray, factor: int) -> np.ndarray:
    image = np.asarray(image - image.mean(), np.float32)
    finer = image - _filtered(image, lambda frequency: np.where(frequency <= 1 / (2 * factor), 1, 0))

    def local(values: np.ndarray) -> np.ndarray:
        return _filtered(values, lambda frequency: np.exp(-2 * (np.pi * WINDOW * factor * frequency) ** 2))

    power = local(np.square(image - local(image)))
    floor = np.maximum(FLAT * np.var(image), np.finfo(np.float32).tiny)
    return np.clip(local(np.square(finer)) / np.maximum(power, floor), 0, 1)


def _filtered(image: np.ndarray, gain: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Image [H, W] whose spatial frequencies, 1/px along each axis, are multiplied by `gain`; mirrored borders."""
    for _ in range(2):
        side = image.shape[1]
        gains = gain(np.arange(side) / (2 * side)).astype(np.float32)
        image = tf.transpose(tf.signal.idct(tf.signal.dct(image, norm="ortho") * gains, norm="ortho")).numpy()
    return image
