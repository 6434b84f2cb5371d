"""What has to be known of whole scans of a Dask array before their tiles: outliers, lowest and highest value."""

from __future__ import annotations

import dask.array as da
import numpy as np

from . import defects
from .lazy_plan import Index


def cleaned(scans: da.Array, keep_outliers: bool) -> da.Array:
    """Scans [..., h, w], float32, with NaN as `defects.cleaned` has it, in their chunks; warns when it is computed.

    A task looks at a whole scan, since all of it says what is usual.
    """
    whole = scans.rechunk((*singles(scans), *scans.shape[-2:]))
    bad = whole.map_blocks(_bad, keep_outliers, dtype=bool, meta=np.empty((0,) * scans.ndim, bool))
    return da.where(bad.rechunk(scans.chunks), np.float32(np.nan), scans)


def _bad(scan: np.ndarray, keep_outliers: bool) -> np.ndarray:
    """Which samples measure nothing; warns of them unless none measures anything, which is refused later."""
    scan, sentences = defects.cleaned(scan, keep_outliers)
    bad = ~np.isfinite(scan)
    if not bad.all():
        defects.warn(sentences, "scan")
    return bad


def ranges_of(scans: da.Array) -> tuple[da.Array, da.Array]:
    """Lowest and highest finite value of each scan, [..., 1, 1] in chunks of one; infinite if there is none."""
    finite = da.isfinite(scans)
    low = da.where(finite, scans, np.float32(np.inf)).min((-2, -1), keepdims=True)
    high = da.where(finite, scans, np.float32(-np.inf)).max((-2, -1), keepdims=True)
    return low.rechunk(1, method="tasks"), high.rechunk(1, method="tasks")


def singles(scans: da.Array) -> tuple[Index, ...]:
    """Chunks of the axes before an image's own: a frame each."""
    return tuple((1,) * n for n in scans.shape[:-2])
