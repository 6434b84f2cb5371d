"""The plugin's work: the images of a scan of any number of axes. Imports TensorFlow, so not in napari's process."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Callable

import numpy as np

from ..errors import InputError

IMAGE, UNCERTAINTY = "image", "uncertainty"

OnProgress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class Request:
    """How to supersample; the fields are `Supersampler`'s."""

    factor: int
    weights: str | None = None
    ensemble: bool = False
    refine: bool = False
    keep_known: bool = False


def supersample(scan: np.ndarray, request: Request, on_progress: OnProgress | None = None) -> dict[str, np.ndarray]:
    """`IMAGE`, and of an ensemble `UNCERTAINTY`, [..., factor h, factor w] float32 for a scan [..., h, w].

    `on_progress` is `Supersampler`'s: what it raises ends the work. Raises InputError for what `Supersampler` refuses,
    and if TensorFlow cannot be imported here.
    """
    supersampler = _supersampler(request.weights)
    run = supersampler.ensemble if request.ensemble else supersampler
    options = {"refine": request.refine, "keep_known": request.keep_known}
    images = run(scan, request.factor, **options, on_progress=on_progress)
    return dict(zip((IMAGE, UNCERTAINTY), images)) if request.ensemble else {IMAGE: images}


def _supersampler(weights: str | None):
    """Without the warnings of what it imports, so that a warning that is seen is ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from ..inference.supersampler import Supersampler
        except Exception as error:  # A broken installation of TensorFlow raises anything.
            raise InputError(
                f"TensorFlow does not start in {sys.prefix} ({type(error).__name__}: {_first_line(error)}): choose "
                "another environment, one with dlss_tf and TensorFlow"
            ) from error
        return Supersampler(weights)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
