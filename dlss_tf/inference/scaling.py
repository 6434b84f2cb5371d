"""A user's scan in the generator's [0, 1] and its image back in the scan's units: the one rule for every door.

Exported graphs compute the same by TensorFlow's operations (serving/filling.py). Training crops have a rule of their
own (data/examples.py): there a range under 1e-6 counts as none, while a scan in amperes may well have such a one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InputError


def finite(scans: np.ndarray) -> np.ndarray:
    """Scans float32 [b, h, w] with each NaN or infinity replaced by the mean of its known 3x3 neighbours.

    From a hole's rim inwards: what is filled is known to the next round.

    Raises:
        InputError: a scan has no finite value.
    """
    scans = np.asarray(scans, np.float32)
    known = np.isfinite(scans)
    if known.all():
        return scans
    if not known.any((1, 2)).all():
        raise InputError("scan: expected finite values, found none")
    return np.stack([each if here.all() else _filled(each, here) for each, here in zip(scans, known)])


#: Rows and columns from a sample to its neighbours, [2, 8, 1].
NEIGHBOURS = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]).T[:, :, None]


def _filled(scan: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A scan [h, w] filled in from where it is `known`: each round looks only beside what the last one filled."""
    values, known = np.pad(np.where(known, scan, 0).astype(np.float64), 1), np.pad(known, 1)
    unknown = np.pad(~known[1:-1, 1:-1], 1)  # nothing beyond the borders is to be filled
    row, column = np.nonzero(unknown)
    while row.size:
        around = row + NEIGHBOURS[0], column + NEIGHBOURS[1]
        counts = known[around].sum(0)
        rim = counts > 0
        means = values[around].sum(0)[rim] / counts[rim]
        row, column = row[rim], column[rim]
        values[row, column], known[row, column], unknown[row, column] = means, True, False
        beside = (row + NEIGHBOURS[0]).ravel(), (column + NEIGHBOURS[1]).ravel()
        places = np.unique(np.ravel_multi_index(beside, unknown.shape)[unknown[beside]])
        row, column = np.unravel_index(places, unknown.shape)
    return np.where(np.isfinite(scan), scan, values[1:-1, 1:-1].astype(np.float32))


def limits(scans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of finite scans [b, h, w], [b, 1, 1] each."""
    return scans.min((1, 2), keepdims=True), scans.max((1, 2), keepdims=True)


def to_unit(scans: Any, low: Any, high: Any, where: Callable = np.where) -> Any:
    """Scans in the scale in which `low` is 0 and `high` 1, however near they are; 0 where they are the same.

    Of arrays, or of tensors, with TensorFlow's `where`.
    """
    span = high - low
    return (scans - low) / where(span > 0, span, np.float32(1))


def from_unit(images: Any, low: Any, high: Any, where: Callable = np.where) -> Any:
    """Images in [0, 1] in the scan's units; `low` everywhere for a scan of that one value. As `to_unit`."""
    return where(high > low, images * (high - low) + low, low)
