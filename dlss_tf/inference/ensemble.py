"""Self-ensemble: the same generator on a scan's eight flips and rotations, averaged; their spread as uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

MEMBERS = 8
WAYS = [(turns, flipped) for turns in range(4) for flipped in (False, True)]

Way = tuple[int, bool]  # quarter turns, and whether it is flipped after them
Run = Callable[[np.ndarray, tuple[int, int], tuple[int, int]], np.ndarray]


def ensemble(
    run: Run, scan: np.ndarray, size: tuple[int, int], factor: int, first: tuple[int, int] = (0, 0)
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation [b, *size] of what `run` makes of scan [b, h, w] in each of its eight orientations.

    `run` takes a scan, its image's size and the first sampled row and column, `first` for the scan as it is. A flipped
    scan has its first samples elsewhere (px factor - 1 if they were on px 0), and so the images lie on one another to
    the pixel.
    """
    mean, squares = np.zeros((2, len(scan), *size), np.float32)
    for count, way in enumerate(WAYS, 1):  # Welford's way, which float32 suffices for
        image = back(run(turned(scan, way), *turned_lattice(scan.shape[1:], size, factor, first, way)), way)
        difference = image - mean
        mean += difference / count
        squares += difference * (image - mean)
    return mean, np.sqrt(np.maximum(squares, 0) / MEMBERS)


def turned(scan: np.ndarray, way: Way) -> np.ndarray:
    """Scan [..., h, w] turned, then flipped."""
    turns, flipped = way
    scan = np.rot90(scan, turns, (-2, -1))
    return scan[..., ::-1] if flipped else scan


def turned_lattice(
    shape: Sequence[int], size: tuple[int, int], factor: int, first: tuple[int, int], way: Way
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Size of the image, and first samples, of a scan of `shape` with these once it is turned."""
    turns, flipped = way
    # px after the last sample
    last = tuple(side - 1 - start - (n - 1) * factor for side, start, n in zip(size, first, shape))
    for _ in range(turns):  # np.rot90: the last column becomes the first row
        first, last = (last[1], first[0]), (first[1], last[0])
        size = size[::-1]
    return size, (first[0], last[1]) if flipped else first


def back(images: np.ndarray, way: Way) -> np.ndarray:
    """What `turned` takes to `images` [..., H, W]."""
    turns, flipped = way
    return np.rot90(images[..., ::-1] if flipped else images, -turns, (-2, -1))
