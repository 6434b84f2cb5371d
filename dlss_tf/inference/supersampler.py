"""The one way to run a generator: scans in, supersampled images out, in the scans' own units."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import lattice, software, weights
from ..config import Config
from ..errors import InputError, gathered
from ..formats import values
from ..progress import counter
from . import deconvolution, defects, refinement, runtimes, scaling
from .ensemble import MEMBERS, ensemble
from .guessed import guessed, share_guessed, share_marked
from .options import Options
from .passes import Passes
from .provenance import made_by
from .requirements import check_factor, check_tile, warn_if_untrained

OnProgress = Callable[[int, int], None]


class Supersampled(NamedTuple):
    """What comes out, [..., factor h, factor w] in the scan's units; float32, or float64 as `Supersampler` says."""

    image: np.ndarray
    uncertainty: np.ndarray | None = None  # where it was asked for, and of an ensemble
    guessed: np.ndarray | None = None  # where its uncertainty was asked for: as `guessed.guessed`
    share_guessed: float | None = None  # where it was asked for: how much of the image is marked there, 0 to 1


class WithUncertainty(NamedTuple):
    """An image and how uncertain each of its pixels is, both as in `Supersampled`."""

    image: np.ndarray
    uncertainty: np.ndarray


class Supersampler:
    """`Supersampler()(scan, factor=5)` -> the image, `factor` times larger a side.

    `weights_or_name` is a run directory, one under `checkpoints/` or the name of a pretrained generator; without it
    the pretrained one is taken. Images that are longer than `tile` px a side are made of tiles no longer than that.
    `runtime` is "onnx" or "tensorflow", if not the first of these that is installed.

    Raises:
        InputError: there are no weights, `tile` is not a multiple of 32 px, at least 512, or no such runtime.
    """

    def __init__(self, weights_or_name: str | None = None, tile: int = 1024, runtime: str | None = None):
        check_tile(tile)
        self.runtime = runtimes.chosen(runtime)
        self.weights, self.tile = weights_or_name, tile
        self.config, arrays = weights.load(weights_or_name)
        self.made_by = made_by(weights_or_name, tile, self.runtime)
        self.name = self.made_by["generator"]["name"]
        try:
            run = runtimes.generator(self.runtime, self.config, arrays)
        except InputError as error:
            raise InputError(f"{weights.find(weights_or_name)}: {error}") from None
        self._arrays = arrays
        self._passes = Passes(self.config, run, tile)

    @classmethod
    def of_passes(cls, name: str, config: Config, passes: Any) -> Supersampler:
        """One that makes images by what is called as `Passes` are, and that has no generator here."""
        made = cls.__new__(cls)
        made.name, made.config, made._passes = name, config, passes
        made.made_by = {**software.described(), "generator": {"name": name}}
        return made

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
    ) -> WithUncertainty:
        """As calling it, but (image, uncertainty): mean and standard deviation over the scan's flips and rotations.

        The second image says how far the generator is from sure of each pixel, in the scan's units, before `refine` and
        `deblur`. Takes eight times as long.
        """
        return self._pair(scan, factor, Options.of(options, {**changes, "ensemble": True}), on_progress)

    def with_uncertainty(
        self,
        scan: np.ndarray,
        factor: int,
        options: Options | None = None,
        *,
        on_progress: OnProgress | None = None,
        **changes: Any,
    ) -> WithUncertainty:
        """As calling it, but (image, uncertainty): the standard deviation of each pixel's error to expect, in one pass.

        In the scan's units, calibrated so that 68% of the pixels of validation images lie within it. The error is that
        against the truth as generators are trained towards it: blurred by 2.5 px, its noise included. Before `refine`
        and `deblur`.

        Raises:
            InputError: what calling it refuses, and a generator without the weights that tell its errors.
        """
        return self._pair(scan, factor, Options.of(options, {**changes, "uncertainty": True}), on_progress)

    def run(
        self,
        scan: np.ndarray,
        factor: int,
        options: Options | None = None,
        on_progress: OnProgress | None = None,
        about: str = "scan",
        with_share: bool = False,
    ) -> Supersampled:
        """As calling it, with what options ask for beside the image. Warnings are `about` that scan.

        `with_share` asks how much of the image is guessed, which takes 4 to 11% of a pass on a CPU.
        """
        options = options or Options()
        scan, offset, stack, factor = self._checked(scan, factor, options.keep_outliers, about)
        size = _size(stack, factor)
        report = counter(on_progress, self.passes(len(stack), size, factor, options))

        def run(turned: np.ndarray, turned_size: tuple[int, int], first: tuple[int, int]) -> np.ndarray:
            return self.image(turned, turned_size, factor, first, report)

        spreads = marks = share = None
        if options.ensemble:
            images, spreads = ensemble(run, stack, size, factor)
        elif options.uncertainty:
            images, spreads = self.image_with_deviation(stack, size, factor, report)
            marks = guessed(images, factor)
        else:
            images = run(stack, size, (0, 0))
        if with_share:
            share = share_guessed(images, factor) if marks is None else share_marked(marks)
        if options.refine:
            images = refinement.refine(images, stack, factor)
        if options.deblur is not None:
            images = deconvolution.deblur(images, options.deblur)
        made = {"image": images, "uncertainty": spreads, "guessed": marks}
        parts = {name: each.reshape(*scan.shape[:-2], *size) for name, each in made.items() if each is not None}
        if options.keep_known:
            certain = np.where(np.isfinite(scan), np.float32(0), np.float32(np.nan))
            known = {"image": scan, "uncertainty": certain, "guessed": certain}
            parts = {name: lattice.with_known(part, known[name], factor) for name, part in parts.items()}
        if offset is not None:
            parts["image"] = parts["image"] + offset
        return Supersampled(**parts, share_guessed=share)

    def passes(self, scans: int, size: tuple[int, int], factor: int, options: Options) -> int:
        """How many passes through the generator so many scans' images of that size take."""
        sizes = [size, size[::-1]] * (MEMBERS // 2) if options.ensemble else [size]
        return sum(self._passes.count(scans, each, factor) for each in sizes)

    def _pair(self, *given: Any) -> WithUncertainty:
        made = self.run(*given)
        assert made.uncertainty is not None  # it was asked for
        return WithUncertainty(made.image, made.uncertainty)

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
        images = self._passes(scaling.to_unit(stack, low, high), size, factor, first, report)
        return scaling.from_unit(images[..., 0], low, high)

    def image_with_deviation(
        self, stack: np.ndarray, size: Sequence[int], factor: int, report: Callable[[], None] = lambda: None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `image`, on the lattice's own places, and the standard deviation of its error; 0 for a scan of one value.

        Raises:
            InputError: the generator has no weights that tell its errors.
        """
        passes, calibration = self._both
        return passes.with_deviation(stack, size, factor, report, calibration["calibration"])

    @functools.cached_property
    def _both(self) -> tuple[Passes, dict[str, np.ndarray]]:
        """Passes that give the deviation, too, and what calibrates it."""
        head = weights.load_spread(self.weights)
        try:
            run = runtimes.generator(self.runtime, self.config, self._arrays, head)
        except InputError as error:
            place = os.path.join(weights.find(self.weights), weights.SPREAD_FILE)
            raise InputError(f"{place}: expected weights that fit its config.json, found others ({error})") from None
        return Passes(self.config, run, self.tile), head

    def complete(
        self,
        inputs: np.ndarray,
        first: Sequence[int | None] = (None, None),
        factor: int | None = None,
    ) -> np.ndarray:
        """Generator outputs for nearest-infilled inputs [b, H, W, 1] in [0, 1], of any sides; same shape and scale.

        In one pass, so H and W are bounded by memory. `first` is the first sampled row and column, the lattice's own
        for that size if None. A factor that is not given is found in the inputs where the network must know it.

        Raises:
            InputError: it must, and the inputs are not nearest-infilled by a factor that it was trained for.
        """
        return self._passes.complete(inputs, first, self._known_factor(inputs) if factor is None else factor)

    def _known_factor(self, inputs: np.ndarray) -> int:
        """The factor of nearest-infilled inputs [b, H, W, 1] on their lattice; any where the network need not know."""
        factors = sorted(set(self.config.factors))
        if self.config.network != "scan-grid":
            return factors[0]
        found = lattice.infilled_by(np.asarray(inputs)[..., 0], factors)
        if not found:
            expected = f"nearest infill on the lattice of a factor out of {', '.join(map(str, factors))}"
            raise InputError(f"inputs: expected {expected}, found another image of shape {list(inputs.shape)}")
        return found

    def remarks(self, scan: np.ndarray, factor: int, options: Options | None = None) -> list[str]:
        """What `run` warns of, a sentence each."""
        with gathered() as sentences:
            self._checked(scan, factor, (options or Options()).keep_outliers, "scan")
        return sentences

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


def _size(stack: np.ndarray, factor: int) -> tuple[int, int]:
    return stack.shape[1] * factor, stack.shape[2] * factor
