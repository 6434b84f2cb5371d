"""What a detector gets wrong in a scan: samples that are no number, and samples that are saturated."""

from __future__ import annotations

import numpy as np


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
