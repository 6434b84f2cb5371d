"""How scans are supersampled, for every door: command line, napari, HyperSpy, Dask, watched folders, Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import InputError

IMAGES = ("image", "uncertainty", "guessed")  # what is made of a scan, and files are called after
BESIDE = IMAGES[1:]  # what may come beside the image
DEBLUR_METHODS = ("wiener", "adam")


@dataclasses.dataclass(frozen=True)
class Options:
    """What is done beside one pass through the generator.

    Raises:
        InputError: an unknown way to deblur.
    """

    ensemble: bool = False  # the mean over the scan's eight flips and rotations, and their spread as uncertainty
    uncertainty: bool = False  # the standard deviation of each pixel's error, by the generator's second head
    refine: bool = False  # add what the samples say beyond the image and is told from noise
    keep_known: bool = False  # put the scan's finite samples back exactly
    keep_outliers: bool = False  # take hot and dead samples, and lines that were never scanned, for what they say
    deblur: str | None = None  # undo the blur of the training target: "wiener" or "adam"

    def __post_init__(self) -> None:
        if self.deblur not in (None, *DEBLUR_METHODS):
            raise InputError(f"deblur: expected one of {', '.join(DEBLUR_METHODS)}, found {self.deblur}")
        if self.ensemble and self.uncertainty:
            raise InputError("uncertainty: expected False for an ensemble, whose spread takes its place, found True")

    @property
    def beside(self) -> tuple[str, ...]:
        """What comes beside the image: how uncertain it is, and where it is guessed."""
        return BESIDE if self.uncertainty else ("uncertainty",) if self.ensemble else ()

    @staticmethod
    def of(options: Options | None, changes: Mapping[str, Any]) -> Options:
        """`options`, or the defaults, with `changes` by name; TypeError for a name that is none of the fields'."""
        return dataclasses.replace(options or Options(), **changes)

    def check_among(self, possible: Iterable[str], door: str, why: str) -> None:
        """InputError if one is asked for that is not `possible`; `door` says where, `why` why not."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default and field.name not in possible and f"{field.name}={value}" not in possible:
                raise InputError(f"{field.name}: expected {field.default} for {door}, found {value}; {why}")

    def history(self) -> list[str]:
        """What was done, for a file's history."""
        return [
            *(["mean of 8 flips and rotations"] if self.ensemble else []),
            *(["its error to expect told"] if self.uncertainty else []),
            *(["refined by its samples"] if self.refine else []),
            *(["outliers kept"] if self.keep_outliers else []),
            *([f"blur of training undone ({self.deblur})"] if self.deblur else []),
            *(["samples kept"] if self.keep_known else []),
        ]
