"""From file to file: supersample scans, or thin images out to the scans that a faster acquisition would have given."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from .. import lattice, micrograph
from .._version import __version__
from ..errors import InputError, reason, warn
from ..formats.contents import Choice
from ..formats.image import as_whole_numbers
from ..inference.guessed import MARKED, share_marked
from ..inference.options import Options
from ..micrograph import Micrograph
from ..progress import reporter
from .outputs import outputs

WORTH_SAYING = 0.01  # of an image that is guessed

if TYPE_CHECKING:
    from ..inference.supersampler import Supersampler


def supersample_file(
    supersampler: Supersampler,
    source: str,
    target: str,
    factor: int,
    options: Options | None = None,
    *,
    image: Choice = None,
    quiet: bool = False,
    dtype: str | None = None,
    overwrite: bool = True,
) -> Micrograph:
    """Supersample every scan of a file into another; returns what was written to `target`.

    Of several images in the file `image` chooses one, as in `micrograph.read`.
    With an ensemble the image is the mean over flips and rotations. Its uncertainty, or that which options ask for,
    goes into `NAME-uncertainty` beside it, and where it is guessed then into `NAME-guessed`, both float32. Pixel size
    is divided by `factor`, values keep their units, the history says what was done. With `dtype` "same" the image is of
    the scan's type, rounded and clipped if that is one of whole numbers, else float32. Warns of samples that are not
    finite, outliers, not scanned or saturated, of values that were clipped, and of how much is guessed.

    Raises:
        InputError: one sentence that names the file; nothing is left behind then, and what was there is as it was.
    """
    scan = micrograph.read(source, image)
    micrograph.check_axes(target, scan.data.ndim)
    report = None if quiet else reporter(os.path.basename(source))
    options = options or Options()
    try:
        made = supersampler.run(scan.data, factor, options, report, about=source)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    step = _history(supersampler, factor, options)
    data, rounding = _in_type(source, made.image, scan.data.dtype if dtype == "same" else made.image.dtype)
    results = [scan.rescaled(data, 1 / factor, step + rounding)]
    if made.uncertainty is not None:
        results.append(scan.rescaled(made.uncertainty, 1 / factor, step))
    if made.guessed is not None:
        results.append(scan.rescaled(made.guessed, 1 / factor, f"{step}; share of local power beyond the scan's limit"))
        _warn_of_guesses(source, made.guessed)
    _write_all(dict(zip(outputs(target, options.beside), results)), overwrite)
    return results[0]


def _warn_of_guesses(source: str, guessed: np.ndarray) -> None:
    marked = share_marked(guessed)
    if marked >= WORTH_SAYING:
        warn(
            f"{source}: {marked:.0%} of the image holds detail finer than its scan can tell, which may be invented; "
            f"NAME-guessed is above {MARKED} there",
            stacklevel=3,
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
            stacklevel=3,
        )
    return converted, f"; rounded to {dtype.name}"


def downsample_file(
    source: str, target: str, factor: int, image: Choice = None, *, overwrite: bool = True
) -> Micrograph:
    """The scan that every `factor`-th probing location of an image would have given; returns what was written.

    Pixel size is multiplied by `factor`; dtype and values stay. `image` is as in `micrograph.read`.

    Raises:
        InputError: one sentence that names the file.
    """
    full = micrograph.read(source, image)
    scan = lattice.downsample(full.data, lattice.check_factor(factor))
    first = [lattice.offset(side, factor) for side in full.data.shape[-2:]]
    step = f"every {factor}th sample of a row and of a column kept by dlss_tf {__version__}"
    result = full.rescaled(scan, factor, step, first)
    _write_all({target: result}, overwrite)
    return result


def _history(supersampler: Supersampler, factor: int, options: Options) -> str:
    config = supersampler.config
    generator = f"generator {supersampler.name} ({config.network}, width {config.width:g})"
    return "; ".join([f"supersampled by {factor} with dlss_tf {__version__}, {generator}", *options.history()])


def _write_all(results: dict[str, Micrograph], overwrite: bool = True) -> None:
    """Write every file, or none, into folders that are made."""
    for path in results:
        micrograph.check_suffix(path)
    try:
        for path in results:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: expected a folder that can be made, found: {reason(error)}") from None
    micrograph.write_all(results, overwrite)
