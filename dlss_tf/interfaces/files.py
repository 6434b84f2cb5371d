"""From file to file: supersample scans, or thin images out to the scans that a faster acquisition would have given."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from .. import lattice, micrograph, software
from .._version import __version__
from ..config import Config
from ..errors import InputError, reason, warn
from ..formats import digests
from ..formats.contents import Choice
from ..inference.options import IMAGES, Options
from ..inference.provenance import now, supersampling
from ..micrograph import Micrograph
from ..progress import reporter
from . import preview as previews
from .outputs import PREVIEW, is_preview, names_beside, outputs
from .results import Made, history, made_of, micrographs, source_of


class MakesImages(Protocol):
    """A Supersampler, or a server's in its place."""

    name: str
    config: Config
    made_by: dict[str, Any]  # as `inference.provenance.made_by`

    def run(
        self,
        scan: np.ndarray,
        factor: int,
        options: Options | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        about: str = "scan",
        with_share: bool = False,
    ) -> Sequence[Any]:
        """As `Supersampler.run`: images as `options.IMAGES`, None for others, then the share that is guessed."""


def supersample_file(
    supersampler: MakesImages,
    source: str,
    target: str,
    factor: int,
    options: Options | None = None,
    *,
    image: Choice = None,
    quiet: bool = False,
    dtype: str | None = None,
    overwrite: bool = True,
    preview: bool = False,
) -> Made:
    """Supersample every scan of a file into another; returns what was written to `target`.

    Of several images in the file `image` chooses one, as in `micrograph.read`.
    With an ensemble the image is the mean over flips and rotations. Its uncertainty, or that which options ask for,
    goes into `NAME-uncertainty` beside it, and where it is guessed then into `NAME-guessed`, both float32. Pixel size
    is divided by `factor`, values keep their units, the history says what was done, `provenance` what it takes to do it
    again. With `dtype` "same" the image is of the scan's type, rounded and clipped if that is one of whole numbers,
    else float32. A `preview` is a picture of all of it, `NAME-preview.png`, that needs Pillow; if it cannot be drawn,
    the rest is written. Warns of that, of samples that are not finite, outliers, not scanned or saturated, of values
    that were clipped, and of how much is guessed.

    Raises:
        InputError: one sentence that names the file; nothing is left behind then, and what was there is as it was.
    """
    scan = micrograph.read(source, image)
    micrograph.check_axes(target, scan.data.ndim)
    report = None if quiet else reporter(os.path.basename(source))
    options = options or Options()
    with digests.beside(source) as digest:
        try:
            *made, share = supersampler.run(scan.data, factor, options, report, about=source, with_share=True)
        except InputError as error:
            raise InputError(f"{source}: {error}") from None
        origin = source_of(scan, source, digest())
    step = history(supersampler.name, supersampler.config, factor, options)
    provenance = supersampling(supersampler.made_by, factor, options, dtype=dtype or "float32")
    images = {name: each for name, each in zip(IMAGES, made) if each is not None}
    results = micrographs(scan, images, factor, step, dtype, source, {**provenance, "source": origin})
    targets = outputs(target, names_beside(options, preview))
    pictures = {}
    if preview and (drawn := _drawn(source, scan, results, factor, supersampler.name)):
        pictures[targets[PREVIEW]] = drawn
    earlier = overwrite or preview and is_preview(targets[PREVIEW], origin)  # a preview that goes, whatever comes
    replaced = overwrite or ([targets[PREVIEW]] if earlier else ())
    _write_all({targets.get(name, target): each for name, each in results.items()}, replaced, pictures)
    if preview and earlier and not pictures:  # it would be taken for this result's
        with contextlib.suppress(OSError):
            os.remove(targets[PREVIEW])
    return made_of(results["image"], factor, supersampler.config, share)


def _drawn(
    source: str, scan: Micrograph, results: Mapping[str, Micrograph], factor: int, generator: str
) -> bytes | None:
    """The preview; None, and a warning, if it cannot be drawn, which must not cost the result."""
    try:
        return previews.picture(source, scan, results, factor, generator)
    except Exception as error:  # Pillow is missing, memory is short, or whatever else
        warn(f"{source}: expected a preview of the result, found that it cannot be drawn ({reason(error)})", 3)
        return None


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
    with digests.beside(source) as digest:
        origin = source_of(full, source, digest())
    how = {"date": now(), "command": "downsample", "factor": int(factor), **software.described(), "source": origin}
    result = full.rescaled(scan, factor, step, first, how)
    _write_all({target: result}, overwrite)
    return result


def _write_all(
    results: Mapping[str, Micrograph],
    overwrite: bool | Collection[str] = True,
    pictures: Mapping[str, bytes] | None = None,
) -> None:
    """Write every file, or none, into folders that are made."""
    for path in results:
        micrograph.check_suffix(path)
    try:
        for path in results:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: expected a folder that can be made, found: {reason(error)}") from None
    micrograph.write_all(results, overwrite, pictures)
