"""What a detector gets wrong in a scan: samples that measure nothing, and samples that are saturated."""

from __future__ import annotations

import numpy as np

from .. import errors
from ..formats.values import saturated
from . import outliers

FILLED = "were filled in from their neighbours"


def cleaned(scan: np.ndarray, keep_outliers: bool = False) -> tuple[np.ndarray, list[str]]:
    """A scan [h, w] or a stack of them, float32, with NaN for every sample that measures nothing; the same if none is.

    Those are outliers and what was not scanned, of each scan by itself, unless they are to be kept. Also a sentence for
    each kind of defect.
    """
    bad = scan.size - int(np.count_nonzero(np.isfinite(scan)))
    found, unscanned = 0, 0
    if not keep_outliers:
        scan, found, unscanned = _without_outliers(scan)
    clipped = saturated(scan)
    sentences = {
        f"{bad} of {scan.size} samples are not finite; they {FILLED}": bad,
        f"{_counts(found, unscanned, scan.size)}; they {FILLED}, unless outliers are to be kept": found + unscanned,
        f"{clipped} of {scan.size} samples are saturated; what is brighter than that is lost": clipped,
    }
    return scan, [sentence for sentence, count in sentences.items() if count]


def warn(sentences: list[str], about: str, stacklevel: int = 2) -> None:
    """A warning for each sentence of `cleaned`; `about` says of what, "scan" or a file's name."""
    for sentence in sentences:
        errors.warn(f"{about}: {sentence}", stacklevel=stacklevel + 1)


def _without_outliers(scan: np.ndarray) -> tuple[np.ndarray, int, int]:
    """The scan, how many are outliers, and how many were not scanned."""
    found = [outliers.find(each) for each in scan.reshape(-1, *scan.shape[-2:])]
    far, unscanned = (np.stack(masks).reshape(scan.shape) for masks in zip(*found))
    counts = int(np.count_nonzero(far)), int(np.count_nonzero(unscanned))
    return np.where(far | unscanned, np.float32(np.nan), scan) if any(counts) else scan, *counts


def _counts(found: int, unscanned: int, of: int) -> str:
    if not unscanned:
        return f"{found} of {of} samples are outliers, far from all others"
    return f"{unscanned} of {of} samples were not scanned" + (f", {found} are outliers" if found else "")
