"""The one way to run a generator: scans in, supersampled images out, in the scans' own units."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from .. import lattice, weights
from ..config import Config
from ..errors import InputError
from ..formats import values
from ..models import SIDE_MULTIPLE, generators
from ..models.scan_grid import infilled_by
from . import deconvolution, defects, refinement, scaling, tiles
from .ensemble import MEMBERS, ensemble
from .options import Options

PIXELS_A_PASS = 1024 * 1024  # of tiles, or of small scans' images, that go through the generator together
SMALLEST_TILE = 512
SCANS_STEP = 16  # samples, of a scan-grid generator: a step of its longest windows, a multiple of its quarter grid

OnProgress = Callable[[int, int], None]


class Supersampled(NamedTuple):
    """What comes out, [..., factor h, factor w] in the scan's units; float32, or float64 as `Supersampler` says."""

    image: np.ndarray
    uncertainty: np.ndarray | None = None  # of an ensemble alone


class Supersampler:
    """`Supersampler()(scan, factor=5)` -> the image, `factor` times larger a side.

    `weights_or_name` is a run directory, one under `checkpoints/` or the name of a pretrained generator; without it
    the pretrained one is taken. Images that are longer than `tile` px a side are made of tiles no longer than that.

    Raises:
        InputError: there are no weights, or `tile` is not a multiple of 32 px, at least 512.
    """

    def __init__(self, weights_or_name: str | None = None, tile: int = 1024):
        check_tile(tile)
        self.weights, self.tile = weights_or_name, tile
        self.name = os.path.basename(os.path.normpath(weights_or_name or weights.PRETRAINED))
        self.config, arrays = weights.load(weights_or_name)
        try:
            self._generator = generators.trained(self.config, arrays)
        except InputError as error:
            raise InputError(f"{weights.find(weights_or_name)}: {error}") from None
        self._run = tf.function(
            functools.partial(generators.complete, self.config, self._generator),
            input_signature=[tf.TensorSpec([None, None, None, 1]), tf.TensorSpec([], tf.int32)],
        )

    def __call__(
        self,
        scan: np.ndarray,
        factor: int,
        options: Options | None = None,
        *,
        on_progress: OnProgress | None = None,
        **changes: Any,
    ) -> np.ndarray:
        """Supersample [..., h, w], a scan or a stack, in any units to float32 [..., factor h, factor w] in those units.

        The sample [i, j] is the pixel [factor i, factor j] of the image. Options, or single ones of them by name, say
        what is done beside: `ensemble`, `refine`, `keep_known`, `keep_outliers`, `deblur`. Samples that are masked or
        not finite, outliers and what was not scanned are filled in from their neighbours and never put back; a scan of
        one value gives an image of that value. A scan whose values lie so far above their range that float32 has no
        digits for them gives float64.
        `on_progress(done, of)` is called after every pass through the generator; what it raises ends the work.
        Warns of those samples, of saturated ones, and of a factor that the generator was not trained for.

        Raises:
            InputError: another shape, no real numbers, a factor outside 2 to 16, or one that a one-stage or scan-grid
                generator was not trained for, or a scan without a finite value.
        """
        return self.run(scan, factor, Options.of(options, changes), on_progress).image

    def ensemble(
        self,
        scan: np.ndarray,
        factor: int,
        options: Options | None = None,
        *,
        on_progress: OnProgress | None = None,
        **changes: Any,
    ) -> Supersampled:
        """As calling it, but (image, uncertainty): mean and standard deviation over the scan's flips and rotations.

        The second image says how far the generator is from sure of each pixel, in the scan's units, before `refine` and
        `deblur`. Takes eight times as long.
        """
        return self.run(scan, factor, Options.of(options, {**changes, "ensemble": True}), on_progress)

    def run(
        self,
        scan: np.ndarray,
        factor: int,
        options: Options | None = None,
        on_progress: OnProgress | None = None,
        about: str = "scan",
    ) -> Supersampled:
        """As calling it; with the uncertainty if the options ask for an ensemble. Warnings are `about` that scan."""
        options = options or Options()
        scan, offset, stack, factor = self._checked(scan, factor, options.keep_outliers, about)
        size = _size(stack, factor)
        sizes = [size, size[::-1]] * (MEMBERS // 2) if options.ensemble else [size]
        report = _counter(on_progress, sum(self._passes(len(stack), each, factor) for each in sizes))

        def run(turned: np.ndarray, turned_size: tuple[int, int], first: tuple[int, int]) -> np.ndarray:
            return self.image(turned, turned_size, factor, first, report)

        spreads = None
        if options.ensemble:
            images, spreads = ensemble(run, stack, size, factor)
        else:
            images = run(stack, size, (0, 0))
        if options.refine:
            images = refinement.refine(images, stack, factor)
        if options.deblur is not None:
            images = deconvolution.deblur(images, options.deblur)
        parts = [each.reshape(*scan.shape[:-2], *size) for each in (images, spreads) if each is not None]
        if options.keep_known:
            certain = np.where(np.isfinite(scan), np.float32(0), np.float32(np.nan))
            parts = [lattice.with_known(part, samples, factor) for part, samples in zip(parts, (scan, certain))]
        if offset is not None:
            parts[0] = parts[0] + offset
        return Supersampled(*parts)

    def image(
        self,
        stack: np.ndarray,
        size: Sequence[int],
        factor: int,
        first: Sequence[int | None] = (None, None),
        report: Callable[[], None] = lambda: None,
    ) -> np.ndarray:
        """Images [b, *size], in the scans' units, of finite scans [b, h, w] on the lattice that `first` begins.

        `first` is the first sampled row and column, the lattice's own for that size if None; `report` is called after
        every pass.
        """
        low, high = scaling.limits(stack)
        unit = scaling.to_unit(stack, low, high).numpy()
        starts = tuple(lattice.offset(n, factor) if start is None else start for n, start in zip(size, first))
        images = np.empty((len(stack), *size), np.float32)

        def run(part: np.ndarray) -> np.ndarray:
            output = self.complete(part[..., None], starts, factor).numpy()[..., 0]
            report()
            return output

        group = self._scans_a_pass(size)
        for i in range(0, len(stack), group):
            infilled = lattice.infill(unit[i : i + group], size, factor, starts)
            if max(size) <= self.tile:
                images[i : i + group] = run(infilled)
            else:
                images[i] = tiles.complete(run, infilled[0], *self._tiling(factor))
        return scaling.from_unit(images, low, high).numpy()

    def complete(
        self,
        inputs: np.ndarray | tf.Tensor,
        first: Sequence[int | None] = (None, None),
        factor: int | None = None,
    ) -> tf.Tensor:
        """Generator outputs for nearest-infilled inputs [b, H, W, 1] in [0, 1], of any sides; same shape and scale.

        In one pass, so H and W are bounded by memory. `first` is the first sampled row and column, the lattice's own
        for that size if None. A factor that is not given is found in the inputs where the network must know it.

        Raises:
            InputError: it must, and the inputs are not nearest-infilled by a factor that it was trained for.
        """
        factor = self._known_factor(inputs) if factor is None else factor
        height, width = inputs.shape[1:3]
        padding = [padding_of(self.config, factor, side, start) for side, start in zip((height, width), first)]
        (top, _), (left, _) = padding
        padded = np.pad(np.asarray(inputs, np.float32), [(0, 0), *padding, (0, 0)], mode="symmetric")
        return self._run(padded, factor)[:, top : top + height, left : left + width]

    def _known_factor(self, inputs: np.ndarray | tf.Tensor) -> int:
        """The factor of nearest-infilled inputs [b, H, W, 1] on their lattice; any where the network need not know."""
        factors = sorted(set(self.config.factors))
        if self.config.network != "scan-grid":
            return factors[0]
        found = [s for s, here in zip(factors, infilled_by(tf.convert_to_tensor(inputs), factors).numpy()) if here]
        if not found:
            expected = f"nearest infill on the lattice of a factor out of {', '.join(map(str, factors))}"
            raise InputError(f"inputs: expected {expected}, found another image of shape {list(inputs.shape)}")
        return found[-1]

    def check_factor(self, factor: int) -> int:
        """Return it as an int; InputError unless the generator takes it."""
        return check_factor(self.config, factor)

    def _checked(
        self, scan: np.ndarray, factor: int, keep_outliers: bool, about: str
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, int]:
        """The scan in float32, NaN where it measures nothing; the offset, if any, that was subtracted; a finite stack.

        The stack is [b, h, w]; and the factor, as an int.
        """
        factor = self.check_factor(factor)
        warn_if_untrained(self.config, factor)
        scan = values.real("scan", scan)
        if scan.ndim < 2 or 0 in scan.shape:
            raise InputError(f"scan: expected an image [h, w] or a stack of them, found shape {list(scan.shape)}")
        scan, offset = values.in_float32(scan)
        scan, sentences = defects.cleaned(scan, keep_outliers)
        stack = scaling.finite(scan.reshape(-1, *scan.shape[-2:]))
        defects.warn(sentences, about, stacklevel=4)
        return scan, offset, stack, factor

    def _tiling(self, factor: int) -> tuple[int, int, int]:
        """Side of a tile, what tiles' starts are multiples of, and how many go through the generator together."""
        step = step_of(self.config, factor)
        return self.tile // step * step, step, max(1, PIXELS_A_PASS // self.tile**2)

    def _scans_a_pass(self, size: Sequence[int]) -> int:
        return max(1, PIXELS_A_PASS // (size[0] * size[1])) if max(size) <= self.tile else 1

    def _passes(self, scans: int, size: Sequence[int], factor: int) -> int:
        """How many times `image` goes through the generator."""
        if max(size) <= self.tile:
            return -(-scans // self._scans_a_pass(size))
        return scans * tiles.passes(size, *self._tiling(factor))


def check_tile(tile: int) -> None:
    """InputError unless tiles of this side can be cut and put together."""
    if tile < SMALLEST_TILE or tile % SIDE_MULTIPLE:
        raise InputError(f"tile: expected a multiple of {SIDE_MULTIPLE} px, at least {SMALLEST_TILE}, found {tile}")


def padding_of(config: Config, factor: int, side: int, first: int | None = None) -> tuple[int, int]:
    """Pixels to add before and after an axis, to a multiple of what the network takes, and so that its lattice fits.

    Networks that take the lattice's samples out of an image expect the first, number `first` here, where the lattice
    has it on the padded side.
    """
    multiple = 1 if config.network == "scan-grid" else SIDE_MULTIPLE
    before, padded = 0, side + -side % multiple
    if config.network != "two-stage":
        first = lattice.offset(side, factor) if first is None else first
        while side + (before := (lattice.offset(padded, factor) - first) % factor) > padded:
            padded += multiple
    return before, padded - side - before


def check_factor(config: Config, factor: int) -> int:
    """Return it as an int; InputError unless the generator of that config takes it."""
    factor = lattice.check_factor(factor)
    if config.network != "two-stage" and factor not in config.factors:
        taken = ", ".join(map(str, sorted(set(config.factors))))
        only = f"{taken}, the only one" if len(set(config.factors)) == 1 else f"one of {taken}, the only ones"
        raise InputError(f"factor: expected {only} that this {config.network} generator takes, found {factor}")
    return factor


def warn_if_untrained(config: Config, factor: int) -> None:
    """Warn of a factor that the generator of that config was not trained for."""
    if factor not in config.factors:
        trained = ", ".join(map(str, config.factors))
        warnings.warn(f"factor {factor}: this generator was trained for {trained}; expect less of it", stacklevel=5)


def step_of(config: Config, factor: int) -> int:
    """What tiles' starts are multiples of, px: they cut an image where the generator's own grids do."""
    return {"two-stage": SIDE_MULTIPLE, "one-stage": factor, "scan-grid": SCANS_STEP * factor}[config.network]


def _size(stack: np.ndarray, factor: int) -> tuple[int, int]:
    return stack.shape[1] * factor, stack.shape[2] * factor


def _counter(on_progress: OnProgress | None, total: int) -> Callable[[], None]:
    """What reports another pass as done."""
    done = 0

    def report() -> None:
        nonlocal done
        done += 1
        if on_progress:
            on_progress(done, total)

    return report
