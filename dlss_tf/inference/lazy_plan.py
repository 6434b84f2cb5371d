"""Where tiles lie in a Dask array's scans and images, and of which samples each is made: geometry, no arrays yet."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from .. import lattice
from ..formats.ngff import HALVINGS
from . import tiles
from .ensemble import Way, turned_lattice
from .tiles import Span

MARGIN = 32  # samples around a tile's own; non-finite ones are filled as in the whole scan if no further from a finite

Index = tuple[int, ...]


@dataclass(frozen=True)
class Job:
    """What every tile of an array has in common. It is small and pickles, which a Supersampler does not."""

    weights: str | None
    runtime: str
    changed: int  # when the weights were, ns: no worker goes on with the old ones after more training
    tile: int
    step: int
    factor: int


@dataclass(frozen=True)
class Stretch:
    """A tile along one axis."""

    context: Span  # samples that its task is given
    index: np.ndarray  # for each px of the tile, which of those samples fills it
    share: np.ndarray  # what each px that is kept contributes to the image
    keep: slice  # px of the tile that contribute to the image
    kept: Span  # the same, px of the image


@dataclass(frozen=True)
class Tile:
    """A tile of a scan that is turned a way, and where it lies in the scan as it is."""

    way: Way
    first: tuple[int, int]  # first sampled row and column of the turned image
    row: Stretch
    column: Stretch
    context: tuple[Span, Span]  # rows and columns of samples, as the scan is
    kept: tuple[Span, Span]  # rows and columns of px, as the image is


def plan(job: Job, shape: tuple[int, int], size: tuple[int, int], way: Way) -> list[Tile]:
    """The tiles of a scan of that shape, turned that way: the same that `Supersampler` takes."""
    turned_shape = shape[::-1] if way[0] % 2 else shape
    turned_size, first = turned_lattice(shape, size, job.factor, (0, 0), way)
    tile = job.tile if max(size) <= job.tile else job.tile // job.step * job.step
    axes = [_stretches(side, tile, job, start) for side, start in zip(turned_size, first)]
    return [
        Tile(
            way,
            first,
            row,
            column,
            _spans_back((row.context, column.context), turned_shape, way),
            _spans_back((row.kept, column.kept), turned_size, way),
        )
        for row, column in itertools.product(*axes)
    ]


def _stretches(size: int, tile: int, job: Job, first: int) -> list[Stretch]:
    """The tiles of an axis of `size` px, whose first sample is on px `first`."""
    nearest = lattice.sample_index(size, job.factor, first)
    spans = tiles.spans(size, tile, job.step)
    stretches = []
    for (start, stop), share in zip(spans, tiles.shares(spans)):
        index = nearest[start:stop]
        context = max(0, int(index[0]) - MARGIN), int(min(nearest[-1], index[-1] + MARGIN)) + 1
        used = np.flatnonzero(share)
        keep = slice(int(used[0]), int(used[-1]) + 1)
        kept = start + keep.start, start + keep.stop
        stretches.append(Stretch(context, index - context[0], share[keep], keep, kept))
    return stretches


def _spans_back(spans: tuple[Span, Span], shape: tuple[int, int], way: Way) -> tuple[Span, Span]:
    """Where rows and columns of what was turned that way, then of `shape`, are in what is not turned."""
    rows, columns = spans
    height, width = shape
    turns, flipped = way
    if flipped:
        columns = width - columns[1], width - columns[0]
    for _ in range(turns):
        rows, columns = columns, (height - rows[1], height - rows[0])
        height, width = width, height
    return rows, columns


def under(pieces: list[Span], span: Span) -> list[tuple[int, slice, slice]]:
    """The pieces of an axis that `span` touches: which, where in the span, and where in the piece."""
    touched = []
    for i, (start, stop) in enumerate(pieces):
        begin, end = max(span[0], start), min(span[1], stop)
        if begin < end:
            touched.append((i, slice(begin - span[0], end - span[0]), slice(begin - start, end - start)))
    return touched


def regular(size: int, job: Job) -> Index:
    """Chunks of an axis: all but the last alike, of whole periods of the lattice and even as often as they halve."""
    period = math.lcm(job.factor, 2**HALVINGS)
    side = job.tile // 2 // period * period
    return (side,) * (size // side) + ((size % side,) if size % side else ())
