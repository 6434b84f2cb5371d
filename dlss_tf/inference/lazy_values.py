"""Dask arrays of scans in float32, where that has the digits for them."""

from __future__ import annotations

import dask.array as da
import numpy as np

from ..errors import InputError
from ..formats import values


def in_float32(scans: da.Array) -> da.Array:
    """Scans [..., h, w] in float32; computing them raises InputError if one lies too far above its range for that.

    No offset is subtracted, as it is from a whole array: what comes out has to have a type before any value is known.
    """
    if scans.dtype.itemsize <= (4 if scans.dtype.kind == "f" else 2):
        return scans.astype(np.float32)
    known = da.where(da.isfinite(scans), scans, np.nan) if scans.dtype.kind == "f" else scans
    limits = (of(known, (-2, -1), keepdims=True) for of in (da.nanmin, da.nanmax))
    return da.map_blocks(_checked, scans, *limits, dtype=np.float32, chunks=scans.chunks)


def _checked(scans: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A block of scans whose lowest and highest values, NaN of one without any, are these."""
    apart = values.tells_apart(low, high)
    if not apart.all() and not values.fits_float32(scans):
        span = f"{low[~apart][0]} to {high[~apart][0]}"
        raise InputError(f"scan: expected values that float32 tells apart, found {span}; subtract an offset first")
    return scans.astype(np.float32)
