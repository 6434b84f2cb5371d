"""Images larger than one network pass holds: overlapping tiles, whose borders are discarded and which blend smoothly.

Near a border that cuts through the image a tile's output is not the whole image's (fig. 8: errors are larger there). It
comes within 1% of the image's range about 140 px inside, the reach of the inner generator (docs/supersample.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

OVERLAP = 320  # px that neighbouring tiles share at least
RAMP = 32  # px in the middle of an overlap over which one tile gives way to the next; all but these are discarded

Span = tuple[int, int]  # start and stop of a tile along an axis, px


def spans(size: int, tile: int, step: int) -> list[Span]:
    """The tiles of an axis of `size` px: one if it is no longer than `tile` px, else as few, then as short, as can be.

    Starts, lengths and `tile` are multiples of `step`. All are equally long; the last may be up to `step` - 1 shorter.
    """
    if size <= tile:
        return [(0, size)]
    gaps = _gaps(size, tile, step)
    lengths = range(-(-OVERLAP // step) * step + step, tile + step, step)
    length = next(length for length in lengths if _gaps(size, length, step) == gaps)
    last = _last_start(size, length, step)
    starts = [step * (i * last // gaps) for i in range(gaps + 1)]
    return [(start, min(start + length, size)) for start in starts]


def fitted(tile: int, step: int) -> tuple[int, int]:
    """Side, and step, of tiles no longer than `tile` px: a step so coarse that they would gain nothing is halved."""
    while tile // step * step < OVERLAP + step and step % 2 == 0:
        step //= 2
    return tile // step * step, step


def _last_start(size: int, length: int, step: int) -> int:
    """Start of an axis's last tile, in steps."""
    return -(-(size - length) // step)


def _gaps(size: int, length: int, step: int) -> int:
    """How many tiles of that length an axis takes beside its first."""
    return -(-_last_start(size, length, step) // ((length - OVERLAP) // step))


def shares(axis: list[Span]) -> list[np.ndarray]:
    """What each tile of an axis contributes to each px that it covers, float32 in [0, 1]; they sum to 1 everywhere."""
    parts = [np.ones(stop - start, np.float32) for start, stop in axis]
    for i, ((start, stop), (next_start, _)) in enumerate(zip(axis, axis[1:])):
        position = np.arange(next_start, stop) + 0.5
        falling = np.clip(((next_start + stop) / 2 - position) / RAMP + 0.5, 0, 1).astype(np.float32)
        parts[i][next_start - start :] *= falling
        parts[i + 1][: stop - next_start] *= 1 - falling
    return parts


def complete(
    run: Callable[[np.ndarray], np.ndarray], image: np.ndarray, tile: int, step: int, tiles_a_pass: int
) -> np.ndarray:
    """`run`, [b, h, w] -> [b, h, w, k], on [H, W] tile by tile, `tiles_a_pass` in a call; float32 [H, W, k]."""
    rows, columns = (spans(size, tile, step) for size in image.shape)
    row_shares, column_shares = shares(rows), shares(columns)
    places = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
    parts = [(slice(*rows[i]), slice(*columns[j])) for i, j in places]
    completed: np.ndarray | None = None
    for group in _alike([image[part].shape for part in parts], tiles_a_pass):
        outputs = run(np.stack([image[parts[k]] for k in group]))
        if completed is None:
            completed = np.zeros((*image.shape, outputs.shape[-1]), np.float32)
        for k, output in zip(group, outputs):
            i, j = places[k]
            completed[parts[k]] += output * (row_shares[i][:, None] * column_shares[j])[..., None]
    assert completed is not None  # there is a tile at least
    return completed


def passes(size: Sequence[int], tile: int, step: int, tiles_a_pass: int) -> int:
    """How many calls `complete` makes for an image of this size."""
    rows, columns = (spans(side, tile, step) for side in size)
    shapes = [(b - a, d - c) for a, b in rows for c, d in columns]
    return len(_alike(shapes, tiles_a_pass))


def _alike(shapes: Sequence[tuple[int, ...]], most: int) -> list[list[int]]:
    """Indices of `shapes` in groups of equal ones, `most` at most in each."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for k, shape in enumerate(shapes):
        by_shape.setdefault(shape, []).append(k)
    return [same[i : i + most] for same in by_shape.values() for i in range(0, len(same), most)]
