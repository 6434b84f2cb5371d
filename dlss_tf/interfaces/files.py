"""From file to file: supersample scans, or thin images out to the scans that a faster acquisition would have given."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import lattice, micrograph
from .._version import __version__
from ..errors import InputError
from ..formats.contents import Choice
from ..inference.options import Options
from ..micrograph import Micrograph
from ..progress import reporter

if TYPE_CHECKING:
    from ..inference.supersampler import Supersampler

UNCERTAINTY = "-uncertainty"


def output_path(source: str, out: str | None, factor: int, suffix: str, name: str = "x") -> str:
    """Where the result for `source` goes: `out` if it is a file's name, else `NAME-x5.tif` in it or beside `source`.

    A name with a suffix that can be written is a file's; anything else is a folder's.
    """
    if out and _is_file_name(out):
        return out
    return os.path.join(out or os.path.dirname(source), f"{micrograph.stem_of(source)}-{name}{factor}{suffix}")


def _is_file_name(out: str) -> bool:
    return bool(micrograph.suffix_of(out)) and not os.path.isdir(out)


def check_out(sources: Sequence[str], out: str | None) -> None:
    """InputError if several files would become one."""
    if len(sources) > 1 and out and _is_file_name(out):
        raise InputError(f"--out {out}: expected a folder for {len(sources)} files, found a file's name")


def check_output(source: str, target: str, overwrite: bool) -> None:
    """InputError, before any work, if `target` cannot be written, or would destroy the scan or another file.

    Only `overwrite` lets it replace a file that is not the scan.
    """
    micrograph.check_suffix(target)
    folder = os.path.dirname(target) or "."
    while not os.path.exists(folder):
        folder = os.path.dirname(folder) or "."
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise InputError(f"{target}: expected a folder that can be written, found {folder} which cannot")
    if os.path.exists(target):
        if os.path.exists(source) and os.path.samefile(source, target):
            raise InputError(f"{target}: expected another file than the scan itself as --out")
        if not overwrite:
            raise InputError(f"{target}: expected no file, found one; give --overwrite or another --out")


def supersample_file(
    supersampler: Supersampler,
    source: str,
    target: str,
    factor: int,
    options: Options | None = None,
    *,
    image: Choice = None,
    quiet: bool = False,
) -> Micrograph:
    """Supersample every scan of a file into another; returns what was written to `target`.

    Of several images in the file `image` chooses one, as in `micrograph.read`.
    With an ensemble the image is the mean over flips and rotations, and the uncertainty goes into `NAME-uncertainty`
    beside it. Pixel size is divided by `factor`, values keep their units, the history says what was done. Warns of
    samples that are not finite, outliers, not scanned or saturated.

    Raises:
        InputError: one sentence that names the file; nothing is left behind then.
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
    results = [scan.rescaled(part, 1 / factor, step) for part in made if part is not None]
    _write_all(dict(zip((target, uncertainty_path(target)), results)))
    return results[0]


def uncertainty_path(target: str) -> str:
    """Where the uncertainty of the image in `target` goes: `NAME-uncertainty` beside it, with its suffix."""
    name = micrograph.stem_of(target) + UNCERTAINTY + micrograph.suffix_of(target)
    return os.path.join(os.path.dirname(target), name)


def downsample_file(source: str, target: str, factor: int, image: Choice = None) -> Micrograph:
    """The scan that every `factor`-th probing location of an image would have given; returns what was written.

    Pixel size is multiplied by `factor`; dtype and values stay. `image` is as in `micrograph.read`.

    Raises:
        InputError: one sentence that names the file.
    """
    full = micrograph.read(source, image)
    scan = lattice.downsample(full.data, lattice.check_factor(factor))
    result = full.rescaled(
        scan, factor, f"every {factor}th sample of a row and of a column kept by dlss_tf {__version__}"
    )
    _write_all({target: result})
    return result


def _history(supersampler: Supersampler, factor: int, options: Options) -> str:
    config = supersampler.config
    generator = f"generator {supersampler.name} ({config.network}, width {config.width:g})"
    return "; ".join([f"supersampled by {factor} with dlss_tf {__version__}, {generator}", *options.history()])


def _write_all(results: dict[str, Micrograph]) -> None:
    """Write every file, or none."""
    written = []
    try:
        for path, result in results.items():
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            micrograph.write(path, result)
            written.append(path)
    except BaseException:
        for path in written:
            with contextlib.suppress(OSError):
                os.remove(path)
        raise
