"""Self-ensemble: the same generator on a scan's eight flips and rotations, averaged; their spread as uncertainty."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MEMBERS = 8

Run = Callable[[np.ndarray, tuple[int, int], tuple[int, int]], np.ndarray]


def ensemble(
    run: Run, scan: np.ndarray, size: tuple[int, int], factor: int, first: tuple[int, int] = (0, 0)
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation [b, *size] of what `run` makes of scan [b, h, w] in each of its eight orientations.

    `run` takes a scan, its image's size and the first sampled row and column, `first` for the scan as it is. A flipped
    scan has its first samples elsewhere (px factor - 1 if they were on px 0), and so the images lie on one another to
    the pixel.
    """
    total, squares = np.zeros((2, len(scan), *size))
    for turns in range(4):
        for flipped in (False, True):
            image = _back(run(*_turned(scan, size, factor, first, turns, flipped)), turns, flipped)
            total += image
            squares += np.square(image, dtype=np.float64)
    mean = total / MEMBERS
    return mean.astype(np.float32), np.sqrt(np.maximum(squares / MEMBERS - mean**2, 0)).astype(np.float32)


def _turned(scan, size, factor, first, turns, flipped):
    """The scan turned, then flipped, with its image's size and first samples."""
    # px after the last sample
    last = tuple(side - 1 - start - (n - 1) * factor for side, start, n in zip(size, first, scan.shape[1:]))
    for _ in range(turns):  # np.rot90: the last column becomes the first row
        first, last = (last[1], first[0]), (first[1], last[0])
        size = size[::-1]
    if flipped:
        first = (first[0], last[1])
    turned = np.rot90(scan, turns, (1, 2))
    return (turned[:, :, ::-1] if flipped else turned), size, first


def _back(images, turns, flipped):
    return np.rot90(images[:, :, ::-1] if flipped else images, -turns, (1, 2))
