"""Real numbers, and whether float32 has the digits for them: the offset of a detector may be far above its range."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InputError

FINEST = 1e-4  # of a range: with coarser steps than that the image would be lost in float32
DIGITS = 2.0**-24  # of a value, to which float32 rounds


def real(name: str, data: Any) -> np.ndarray:
    """The data as real numbers, NaN where they are masked; InputError, which `name` begins, if they are others."""
    masked = np.ma.getmaskarray(data) if isinstance(data, np.ma.MaskedArray) else np.zeros((), bool)
    array = np.asarray(data)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name}: expected real numbers, found {array.dtype}")
    return np.where(masked, np.nan, array) if masked.any() else array


def fits_float32(data: np.ndarray) -> bool:
    """Whether the finite values of every image [..., h, w] differ by more than float32 rounds them by."""
    if data.dtype.kind == "b" or data.dtype.itemsize <= (4 if data.dtype.kind == "f" else 2) or not data.size:
        return True
    if not np.isfinite(data.sum(dtype=np.float64)):
        data = np.where(np.isfinite(data), data, np.nan)
    low, high = (of.reduce(np.atleast_2d(data), (-2, -1)) for of in (np.fmin, np.fmax))
    return bool(np.all(tells_apart(low, high)) or np.all((_rounded(data) == data) | np.isnan(data)))


def _rounded(data: np.ndarray) -> np.ndarray:
    """To float32 and back: integers may have more digits than float64, too, and so are compared as such."""
    with np.errstate(over="ignore", invalid="ignore"):
        return data.astype(np.float32).astype(data.dtype)


def tells_apart(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether float32 tells values between these apart; yes for a single one, and for none, which is NaN."""
    largest = np.maximum(np.abs(low.astype(np.float64)), np.abs(high.astype(np.float64)))
    return ~(high > low) | (largest * DIGITS <= (high - low).astype(np.float64) * FINEST)


def in_float32(data: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Images [..., h, w] in float32, and the offset [..., 1, 1], float64, that was subtracted first; None if none was.

    It is the lowest finite value of each image, and subtracted only where float32 has no digits for it and the rest.
    """
    if fits_float32(data):
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(data, np.float32), None
    finite = np.isfinite(data)
    highest = np.inf if data.dtype.kind == "f" else np.iinfo(data.dtype).max
    lowest = np.where(finite, data, data.dtype.type(highest)).min((-2, -1), keepdims=True)
    lowest = np.where(np.isfinite(lowest), lowest, data.dtype.type(0))  # of an image without a finite value
    return (data - lowest).astype(np.float32), lowest.astype(np.float64)


def saturated(scan: np.ndarray) -> int:
    """How many samples are clipped at the highest value of a scan, or of a stack of them.

    They count as clipped if they are 10 or more, and 3 times as many as have the next lower value: what piles up there
    had nowhere higher to go, whatever the range of the file's type.
    """
    values = scan[np.isfinite(scan)]
    lower = values[values < values.max()] if values.size else values
    clipped = values.size - lower.size
    if not lower.size or clipped < max(10, 3 * np.count_nonzero(lower == lower.max())):
        return 0
    return clipped
