"""Where an image holds detail that its scan cannot tell: finer than the scan's Nyquist limit, and so guessed."""

from __future__ import annotations

import numpy as np

WINDOW = 2.0  # samples, the standard deviation of the Gaussian that "local" means
FLAT = 1e-3  # of the image's variance: where less than that varies there is nothing to be guessed
MARKED = 0.05  # of the local power; beyond it outputs were off by a third of their variance (docs/unified-scan.md)
BLOCK = 1024  # px a side that are transformed together


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


def share_guessed(images: np.ndarray, factor: int) -> float:
    """`share_marked` of the maps that `guessed` makes of images, which are not kept: 0 to 1."""
    return float(np.mean([share_marked(_share(image, factor)) for image in images]))


def _share(image: np.ndarray, factor: int) -> np.ndarray:
    image = np.asarray(image - image.mean(), np.float32)
    square = np.square(image)
    finer, mean, power = (_local(each, factor) for each in (np.square(_finer(image, factor)), image, square))
    floor = np.maximum(FLAT * square.mean(), np.finfo(np.float32).tiny)
    share = np.clip(finer / np.maximum(power - np.square(mean), floor), 0, 1).astype(np.float32)
    height, width = image.shape
    return share.repeat(factor, 0).repeat(factor, 1)[:height, :width]


def _finer(image: np.ndarray, factor: int) -> np.ndarray:
    """What is left of image [H, W] without its cosine transform's frequencies up to the limit, block by block."""
    finer = np.empty_like(image)
    rows, columns = (np.linspace(0, side, -(-side // BLOCK) + 1).astype(int) for side in image.shape)
    for top, bottom in zip(rows, rows[1:]):
        for left, right in zip(columns, columns[1:]):
            block = image[top:bottom, left:right]
            high, wide = (_cosines(side, factor) for side in block.shape)
            finer[top:bottom, left:right] = block - high.T @ (high @ block @ wide.T) @ wide
    return finer


def _cosines(side: int, factor: int) -> np.ndarray:
    """The orthonormal cosines of up to 1/(2 factor) periods a px along `side` px: [k, side]."""
    frequency = np.arange(side // factor + 1)[:, None]
    waves = np.cos(np.pi * frequency * (np.arange(side) + 0.5) / side) * np.sqrt(2 / side)
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)


def _local(values: np.ndarray, factor: int) -> np.ndarray:
    """Means of values [H, W] over the px of each sample, then in the Gaussian window: [h, w]."""
    more = [(0, -side % factor) for side in values.shape]
    cells = np.pad(values, more, mode="edge").reshape(-(-values.shape[0] // factor), factor, -1, factor)
    means = np.einsum("iajb->ij", cells) / factor**2  # three times as fast as their mean
    reach = int(4 * WINDOW)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / WINDOW) ** 2)
    weights /= weights.sum()
    for _ in range(2):
        padded = np.pad(means, [(reach, reach), (0, 0)], mode="symmetric")
        means = sum(weight * padded[i : i + len(means)] for i, weight in enumerate(weights)).T
    return means
