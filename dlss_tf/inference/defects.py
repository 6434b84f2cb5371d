"""What a detector gets wrong in a scan: samples that are no number, and samples that are saturated."""

from __future__ import annotations

import numpy as np

from ..errors import InputError


def fill_non_finite(scan: np.ndarray) -> np.ndarray:
    """Scan [h, w] with each NaN or infinity replaced by the mean of its finite 3x3 neighbours, from its rim inwards.

    Raises InputError if no value is finite.
    """
    finite = np.isfinite(scan)
    if finite.all():
        return scan
    if not finite.any():
        raise InputError("scan: expected finite values, found none")
    filled = np.where(finite, scan, 0).astype(np.float64)
    while not finite.all():
        totals, counts = _sum_3x3(filled), _sum_3x3(finite.astype(np.float64))
        border = ~finite & (counts > 0)
        filled[border] = totals[border] / counts[border]
        finite |= border
    return filled.astype(scan.dtype)


def _sum_3x3(image: np.ndarray) -> np.ndarray:
    height, width = image.shape
    padded = np.pad(image, 1)
    return sum(padded[i : i + height, j : j + width] for i in range(3) for j in range(3))


def saturated(scan: np.ndarray) -> int:
    """How many samples are clipped at the highest value of a scan, or of a stack of them.

    They count as clipped if they are 10 or more, and 3 times as many as have the next lower value: what piles up there
    had nowhere higher to go, whatever the range of the file's type.
    """
    values, counts = np.unique(scan[np.isfinite(scan)], return_counts=True)
    if len(values) < 2 or counts[-1] < max(10, 3 * counts[-2]):
        return 0
    return int(counts[-1])


def report(scan: np.ndarray) -> list[str]:
    """A sentence for each kind of defect that a scan, or a stack of them, has."""
    sentences = []
    bad = scan.size - int(np.count_nonzero(np.isfinite(scan)))
    if bad:
        sentences.append(f"{bad} of {scan.size} samples are not finite; they were filled in from their neighbours")
    clipped = saturated(scan)
    if clipped:
        sentences.append(f"{clipped} of {scan.size} samples are saturated; what is brighter than that is lost")
    return sentences
