"""What was made of a scan as micrographs: in its units, of its pixel size, with a line more of history."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from .._version import __version__
from ..config import Config
from ..errors import warn
from ..formats.image import Micrograph, as_whole_numbers
from ..inference.guessed import MARKED, share_marked
from ..inference.options import Options

WORTH_SAYING = 0.01  # of an image that is guessed
GUESSED = "of the image holds detail finer than its scan can tell"


@dataclasses.dataclass(frozen=True)
class Made(Micrograph):
    """An image that was made of a scan, with what can be said of how far to trust it without a truth."""

    factor: int = 1
    factor_trained: bool = True  # whether its generator was trained for that
    share_guessed: float | None = None  # of the image, finer than its scan can tell; None if that is not known

    def describe(self) -> str:
        """'1280x1280 px of 0.0262 nm; factor 4 trained for; 0% guessed'."""
        return f"{super().describe()}; {self.trust()}"

    def trust(self) -> str:
        """'factor 4 trained for; 0% guessed'."""
        guesses = "" if self.share_guessed is None else f"; {self.share_guessed:.0%} guessed"
        return f"factor {self.factor} {'' if self.factor_trained else 'not '}trained for{guesses}"


def made_of(image: Micrograph, factor: int, config: Config, share_guessed: float | None) -> Made:
    """`image`, that a generator of that config made, and what can be said of it."""
    known = {field.name: getattr(image, field.name) for field in dataclasses.fields(Micrograph)}
    return Made(**known, factor=factor, factor_trained=factor in config.factors, share_guessed=share_guessed)


def history(generator: str, config: Config, factor: int, options: Options) -> str:
    """The line of history for what the generator of that name, and config, did."""
    by = f"generator {generator} ({config.network}, width {config.width:g})"
    return "; ".join([f"supersampled by {factor} with dlss_tf {__version__}, {by}", *options.history()])


def micrographs(
    scan: Micrograph, images: Mapping[str, np.ndarray], factor: int, step: str, dtype: str | None, source: str
) -> dict[str, Micrograph]:
    """Of each image, named as `options.IMAGES`, made of a scan: pixels are `factor` times smaller, values as they are.

    With `dtype` "same" the image is of the scan's type, rounded and clipped if that is one of whole numbers. `step` is
    for its history. Warns, of the file `source`, of values that were clipped, and of how much is guessed.
    """
    image = images["image"]
    data, rounding = _in_type(source, image, scan.data.dtype if dtype == "same" else image.dtype)
    made = {"image": scan.rescaled(data, 1 / factor, step + rounding)}
    if "uncertainty" in images:
        made["uncertainty"] = scan.rescaled(images["uncertainty"], 1 / factor, step)
    if "guessed" in images:
        marks = images["guessed"]
        made["guessed"] = scan.rescaled(marks, 1 / factor, f"{step}; share of local power beyond the scan's limit")
        _warn_of_guesses(source, marks)
    return made


def _warn_of_guesses(source: str, guessed: np.ndarray) -> None:
    marked = share_marked(guessed)
    if marked >= WORTH_SAYING:
        warn(
            f"{source}: {marked:.0%} {GUESSED}, which may be invented; NAME-guessed is above {MARKED} there",
            stacklevel=4,
        )


def _in_type(source: str, image: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, str]:
    """An image as whole numbers, or in another precision, and what the history says of it. Warns of clipped values."""
    if dtype.kind not in "iuf" or dtype == image.dtype:
        return image, ""
    if dtype.kind == "f":
        return np.clip(image, np.finfo(dtype).min, np.finfo(dtype).max).astype(dtype), f"; in {dtype.name}"
    converted, clipped = as_whole_numbers(image, dtype)
    if clipped:
        limits = np.iinfo(dtype)
        warn(
            f"{source}: {clipped} of {image.size} values lay beyond {dtype.name}'s {limits.min} to {limits.max} "
            "and were clipped",
            stacklevel=4,
        )
    return converted, f"; rounded to {dtype.name}"
