"""A generator over scans in [0, 1]: infilled, padded to what it takes, several together or tile by tile."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import numpy as np

from .. import lattice
from ..config import Config
from . import memory, scaling, tiles
from .requirements import padding_of, step_of
from .runtimes import Run

PIXELS_A_PASS = 1024 * 1024  # of tiles, or of small scans' images, that go through the generator together


class Passes:
    """`Passes(config, run, tile)(unit, size, factor)` -> images [b, *size, k] for scans [b, h, w] in [0, 1].

    `run` is that config's generator in a runtime. Images that are longer than `tile` px a side are made of tiles no
    longer than that.
    """

    def __init__(self, config: Config, run: Run, tile: int):
        self.config, self.tile = config, tile
        self._run = run
        self._seen: set[tuple[tuple[int, ...], int]] = set()  # shapes and factors of passes there were

    def __call__(
        self,
        unit: np.ndarray,
        size: Sequence[int],
        factor: int,
        first: Sequence[int | None] = (None, None),
        report: Callable[[], None] = lambda: None,
    ) -> np.ndarray:
        """`first`: the first sampled row and column, the lattice's own if None; `report` is called after each pass."""
        starts = tuple(lattice.offset(n, factor) if start is None else start for n, start in zip(size, first))

        def run(part: np.ndarray) -> np.ndarray:
            output = self.complete(part[..., None], starts, factor)
            report()
            return output

        images: np.ndarray | None = None
        group = self._scans_a_pass(size)
        for i in range(0, len(unit), group):
            infilled = lattice.infill(unit[i : i + group], size, factor, starts)
            if max(size) <= self.tile:
                made = run(infilled)
            else:
                made = tiles.complete(run, infilled[0], *self._tiling(factor))[None]
            if images is None:
                images = np.empty((len(unit), *made.shape[1:]), np.float32)
            images[i : i + group] = made
        assert images is not None  # there is a scan at least
        return images

    def with_deviation(
        self,
        stack: np.ndarray,
        size: Sequence[int],
        factor: int,
        report: Callable[[], None] = lambda: None,
        calibration: float | np.ndarray = 1.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images [b, *size] of finite scans [b, h, w] and the deviations that are told, both in the scans' units.

        On the lattice's own places. Of a generator that gives deviations, which are multiplied by `calibration`;
        `report` is called after each pass.
        """
        low, high = scaling.limits(stack)
        images = self(scaling.to_unit(stack, low, high), size, factor, report=report)
        return scaling.from_unit(images[..., 0], low, high), images[..., 1] * calibration * (high - low)

    def complete(self, inputs: np.ndarray, first: Sequence[int | None], factor: int) -> np.ndarray:
        """The generator's images for nearest-infilled inputs [b, H, W, 1] in [0, 1], of any sides, in one pass."""
        height, width = inputs.shape[1:3]
        padding = [padding_of(self.config, factor, side, start) for side, start in zip((height, width), first)]
        (top, _), (left, _) = padding
        padded = np.pad(np.asarray(inputs, np.float32), [(0, 0), *padding, (0, 0)], mode="symmetric")
        size = (padded.shape, factor)
        with contextlib.nullcontext() if size in self._seen else memory.of_new_size():
            images = self._run(padded, factor)
        self._seen.add(size)
        return images[:, top : top + height, left : left + width]

    def count(self, scans: int, size: Sequence[int], factor: int) -> int:
        """How many passes that many scans take."""
        if max(size) <= self.tile:
            return -(-scans // self._scans_a_pass(size))
        return scans * tiles.passes(size, *self._tiling(factor))

    def _tiling(self, factor: int) -> tuple[int, int, int]:
        """Side of a tile, what tiles' starts are multiples of, and how many go through the generator together."""
        return *tiles.fitted(self.tile, step_of(self.config, factor)), max(1, PIXELS_A_PASS // self.tile**2)

    def _scans_a_pass(self, size: Sequence[int]) -> int:
        return max(1, PIXELS_A_PASS // (size[0] * size[1])) if max(size) <= self.tile else 1
