"""Stacks larger than memory: Dask arrays of scans in, Dask arrays of images out, tile by tile.

A task takes the samples under one tile, and some around it, through the generator; another blends up to four tiles
into a chunk of the image. Nothing holds a whole image, whatever its size. Dask decides where tasks run: in threads of
this process, or on the workers of a `dask.distributed` client.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from dask.typing import Key

from .. import lattice, weights
from ..errors import InputError
from ..formats import carried
from . import deconvolution, runtimes, scaling
from .ensemble import WAYS, Way, back, turned
from .lazy_plan import Index, Job, Tile, plan, regular, under
from .lazy_scans import cleaned, ranges_of, singles
from .lazy_values import in_float32
from .options import Options
from .provenance import made_by, supersampling
from .requirements import check_factor, check_tile, step_of, warn_if_untrained
from .supersampler import Supersampler
from .tiles import Span

AS_IT_IS = (0, False)
#: What an array that is never whole can have; `why` it cannot have more.
POSSIBLE = ("ensemble", "keep_known", "keep_outliers", "deblur=wiener")
WHY = "that is had of arrays in memory alone; compute the array first"
DEBLUR_REACH = 32  # px beyond which a pixel does not change what another is restored to

Place = tuple[tuple[slice, ...], tuple[slice, ...]]  # where a part goes, and what of it


def supersample_lazily(
    scans: da.Array,
    factor: int,
    weights_or_name: str | None = None,
    tile: int = 1024,
    options: Options | None = None,
    runtime: str | None = None,
    **changes: Any,
) -> da.Array:
    """`Supersampler(weights_or_name, tile, runtime)(scan, factor)` of every scan, as Dask computes it.

    [..., h, w] in any units and chunks to float32 [..., factor h, factor w] in those units, in chunks of up to half of
    `tile` px a side. Equal to it within rounding, except in holes that are deeper than 32 samples of non-finite values:
    what fills them is then made of the finite samples near the tile. Options, or single ones by name, are as there;
    `refine`, deblurring by ADAM and `uncertainty` are had of arrays in memory alone.

    Raises:
        InputError: these, what a Supersampler refuses, and what is not a Dask array of known shape; a scan without a
            finite value raises it when it is computed.
    """
    return _supersample(scans, factor, (weights_or_name, tile, runtime), Options.of(options, changes))[0]


def ensemble_lazily(
    scans: da.Array,
    factor: int,
    weights_or_name: str | None = None,
    tile: int = 1024,
    options: Options | None = None,
    runtime: str | None = None,
    **changes: Any,
) -> tuple[da.Array, da.Array]:
    """As `supersample_lazily`, but the mean over eight flips and rotations, and their standard deviation.

    Compute or write the two together (`dask.compute`), or all is done twice.
    """
    options = Options.of(options, {**changes, "ensemble": True})
    images, spreads = _supersample(scans, factor, (weights_or_name, tile, runtime), options)
    return images, spreads


def _supersample(
    scans: da.Array, factor: int, by: tuple[str | None, int, str | None], options: Options
) -> list[da.Array]:
    """The images, and of an ensemble their spreads, `by` what a Supersampler is made of."""
    options.check_among(POSSIBLE, "a Dask array", WHY)
    job, scans = _checked(scans, factor, *by)
    scans = cleaned(scans, options.keep_outliers)
    ways = WAYS if options.ensemble else [AS_IT_IS]
    call = "ensemble_lazily" if options.ensemble else "supersample_lazily"
    how = supersampling(made_by(*by), job.factor, options, command=call)
    if options.deblur is None:
        return list(carried.give(_complete(job, scans, ways, options.keep_known), how))
    image, *spread = carried.give(_complete(job, scans, ways, keep_known=False), how)
    parts = [_deblurred(image, options.deblur), *spread]
    return [_put_back(*each, scans, job.factor) for each in enumerate(parts)] if options.keep_known else parts


def _deblurred(images: da.Array, method: str) -> da.Array:
    """Images [..., H, W] deblurred chunk by chunk, each with what is around it; in their chunks."""
    around = {images.ndim - 2: DEBLUR_REACH, images.ndim - 1: DEBLUR_REACH}
    restored = images.map_overlap(_deblur, depth=around, boundary="none", dtype=np.float32, method=method)
    return restored.rechunk(images.chunks)


def _put_back(part: int, images: da.Array, scans: da.Array, factor: int) -> da.Array:
    """Part 0, images, with scans' finite samples in their places; part 1, spreads, with zeros there."""
    sides = [tuple(-(-n // factor) for n in axis) for axis in images.chunks[-2:]]  # chunks are of whole periods
    samples = scans.rechunk((*images.chunks[:-2], *sides))
    if part == 1:
        samples = da.where(da.isfinite(samples), np.float32(0), np.float32(np.nan))
    return da.map_blocks(lattice.with_known, images, samples, factor, dtype=np.float32, chunks=images.chunks)


def _deblur(images: np.ndarray, method: str) -> np.ndarray:
    return deconvolution.deblur(images.reshape(-1, *images.shape[-2:]), method).reshape(images.shape)


def _checked(
    scans: da.Array, factor: int, weights_or_name: str | None, tile: int, runtime: str | None
) -> tuple[Job, da.Array]:
    """The job, and the scans in float32."""
    if not isinstance(scans, da.Array) or scans.ndim < 2 or any(math.isnan(n) or n == 0 for n in scans.shape):
        found = f"shape {list(scans.shape)}" if isinstance(scans, da.Array) else type(scans).__name__
        raise InputError(f"scans: expected a Dask array [..., h, w] of known shape, found {found}")
    if scans.dtype.kind not in "biuf":
        raise InputError(f"scans: expected real numbers, found {scans.dtype}")
    check_tile(tile)
    config, _ = weights.load(weights_or_name)
    factor = check_factor(config, factor)
    warn_if_untrained(config, factor)
    directory = weights.find(weights_or_name)
    if weights_or_name and os.path.isdir(weights_or_name):
        weights_or_name = os.path.abspath(weights_or_name)  # workers may run in another folder
    changed = os.stat(os.path.join(directory, weights.FILE)).st_mtime_ns
    runtime = runtimes.chosen(runtime)  # here, and the same on all workers
    return Job(weights_or_name, runtime, changed, tile, step_of(config, factor), factor), in_float32(scans)


def _complete(job: Job, scans: da.Array, ways: list[Way], keep_known: bool) -> da.Array:
    """[1, ..., H, W], the images of scans [..., h, w]; of more than one way [2, ..., H, W], their mean and spread.

    Tasks take blocks of the scans themselves, not cut to what they need by a task between: that one Dask would run, and
    the tile after it, as soon as the block is there, and so hold all tiles of an image at a time.
    """
    size = scans.shape[-2] * job.factor, scans.shape[-1] * job.factor
    chunks = (*singles(scans), *(regular(side, job) for side in size))
    tiles = [tile for way in ways for tile in plan(job, scans.shape[-2:], size, way)]
    edges = [_edges(axis) for axis in chunks[-2:]]
    blends = _blends(tiles, ways, edges)
    ranges = ranges_of(scans)
    name = f"supersampled-{tokenize(scans, job, ways, keep_known)}"
    graph: dict[Key, tuple] = {}
    for frame in np.ndindex(*scans.shape[:-2]):
        low, high = ((each.name, *frame, 0, 0) for each in ranges)
        for k, tile in enumerate(tiles):
            keys, places = _blocks(scans, frame, tile.context)
            graph[("tile-" + name, *frame, k)] = (functools.partial(_tile, job, tile, places), keys, low, high)
        for chunk, (numbers, blend) in blends.items():
            keys = [("tile-" + name, *frame, k) for k in numbers]
            # chunks are of whole periods
            spans = [(axis[i][0] // job.factor, axis[i][1] // job.factor) for axis, i in zip(edges, chunk)]
            known, places = _blocks(scans, frame, spans) if keep_known else ([], [])
            graph[(name, 0, *frame, *chunk)] = (functools.partial(blend, job.factor, places), keys, low, high, known)
    layers = HighLevelGraph.from_collections(
        name,
        graph,
        dependencies=[scans, *ranges],  # type: ignore[list-item]  # Dask's own Array is none to its protocol
    )
    results = 1 if len(ways) == 1 else 2
    return da.Array(layers, name, ((results,), *chunks), meta=np.empty((0,) * (1 + scans.ndim), np.float32))


def _blends(planned: list[Tile], ways: list[Way], edges: list[list[Span]]) -> dict:
    """For each chunk of an image the numbers of its tiles, and what blends them."""
    numbers: dict[tuple, list] = defaultdict(list)
    places: dict[tuple, list] = defaultdict(list)
    for k, tile in enumerate(planned):
        touched = (under(axis, kept) for axis, kept in zip(edges, tile.kept))
        for (p, of_rows, to_rows), (q, of_columns, to_columns) in itertools.product(*touched):
            numbers[p, q].append(k)
            places[p, q].append(((ways.index(tile.way), to_rows, to_columns), (of_rows, of_columns)))
    blends = {}
    for p, q in places:
        shape = len(ways), *(axis[i][1] - axis[i][0] for axis, i in zip(edges, (p, q)))
        blends[p, q] = numbers[p, q], functools.partial(_blend, shape, places[p, q])
    return blends


def _blocks(scans: da.Array, frame: Index, spans: Sequence[Span]) -> tuple[list[tuple], list[Place]]:
    """Keys of the blocks that hold a frame's samples in `spans`, and for each where it goes there, and what of it."""
    spans = [*((k, k + 1) for k in frame), *spans]
    keys, places = [], []
    for pieces in itertools.product(*(under(_edges(axis), span) for axis, span in zip(scans.chunks, spans))):
        numbers, to, of = zip(*pieces)
        keys.append((scans.name, *numbers))
        places.append((to, of))
    return keys, places


def _gather(blocks: list[np.ndarray], places: list[Place]) -> np.ndarray:
    """The samples [h, w] that `_blocks` is about."""
    shape = [max(to[axis].stop for to, _ in places) for axis in range(blocks[0].ndim)]
    samples = np.empty(shape, np.float32)
    for block, (to, of) in zip(blocks, places):
        samples[to] = block[of]
    return samples.reshape(shape[-2:])


def _tile(
    job: Job, tile: Tile, places: list[Place], blocks: list[np.ndarray], low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """What a tile contributes to its image, in the generator's [0, 1], of the blocks of scans that its context is in.

    Raises InputError if the scan has no finite value.
    """
    low, high = low.ravel()[0], high.ravel()[0]
    if low > high:
        raise InputError("scan: expected finite values, found none")
    samples = _gather(blocks, places)
    if not np.isfinite(samples).any():
        samples[:] = (low + high) / 2
    unit = turned(scaling.to_unit(scaling.finite(samples[None]), low, high)[0], tile.way)
    row, column = tile.row, tile.column
    output = _through_the_generator(job, unit[row.index[:, None], column.index], tile.first)
    return back(output[row.keep, column.keep] * row.share[:, None] * column.share, tile.way)


def _blend(
    shape: tuple[int, int, int],
    places: list[Place],
    factor: int,
    known_places: list[Place],
    parts: list[np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
    known: list[np.ndarray],
) -> np.ndarray:
    """A chunk of an image, in the scan's units, of the parts of tiles that lie in it, [1, ..., h, w].

    Where `shape` has more than one image: a chunk of their mean and their standard deviation, [2, ..., h, w]. The
    finite samples in `known`, blocks of scans, are put in their places, and are certain.
    """
    images = np.zeros(shape, np.float32)
    for part, (to, of) in zip(parts, places):
        images[to] += part[of]
    leading = low.shape[:-2]
    images = scaling.from_unit(images, low.ravel()[0], high.ravel()[0])
    if len(images) > 1:
        images = np.stack([images.mean(0, np.float64), images.std(0, np.float64)]).astype(np.float32)
    if known:
        samples = _gather(known, known_places)
        certain = np.where(np.isfinite(samples), np.float32(0), np.float32(np.nan))
        images = np.stack([lattice.with_known(*pair, factor) for pair in zip(images, (samples, certain))])
    return images.reshape(len(images), *leading, *shape[1:])


_passing = threading.Lock()


def _through_the_generator(job: Job, image: np.ndarray, first: tuple[int, int]) -> np.ndarray:
    """Output [H, W] for a nearest-infilled image.

    One at a time in a process: a pass takes all its cores, or its GPU, and two take twice the memory. Meanwhile other
    threads read, blend and write.
    """
    with _passing:
        supersampler = _supersampler(job.weights, job.changed, job.tile, job.runtime)
        return supersampler.complete(image[None, ..., None], first, job.factor)[0, ..., 0]


@functools.lru_cache(maxsize=2)
def _supersampler(weights_or_name: str | None, changed: int, tile: int, runtime: str) -> Supersampler:
    """One for each worker process, whatever the number of tiles."""
    return Supersampler(weights_or_name, tile, runtime)


def _edges(chunks: Index) -> list[tuple[int, int]]:
    stops = np.cumsum(chunks).tolist()
    return list(zip([0, *stops], stops))
