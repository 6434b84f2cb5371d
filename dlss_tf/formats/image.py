"""The type that readers give and writers take: an image with pixel size, units, title and history."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError, shown
from . import notes, remarks
from .values import fits_float32


@dataclasses.dataclass(frozen=True)
class Axis:
    """An axis before an image's own two: of time, of tilts. Its first value, and the step to the next, in `units`."""

    name: str = ""
    units: str = ""
    scale: float = 1.0
    offset: float = 0.0


@dataclasses.dataclass(frozen=True)
class Micrograph:
    """An image, or a stack of images of one size, with what is known about it."""

    data: np.ndarray  # [h, w] or [..., h, w], real, in the detector's units
    pixel_size: tuple[float, float] | None = None  # of rows and columns, in `units`; None if it is not known
    units: str = "px"  # of the pixel size: nm, Å, µm, ...; px if there is a size without units
    title: str = ""
    history: tuple[str, ...] = ()  # what was done to it, a line each
    origin: tuple[float, float] = (0.0, 0.0)  # where the first pixel is: row and column, in pixels
    frames: tuple[Axis, ...] = ()  # the axes before the last two, if they are known
    metadata: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)  # as HyperSpy has it
    original_metadata: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)  # the vendor's own
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)  # of what we made: `notes`
    number: int | None = None  # of several images in the file that it was read from
    display: tuple[float, float] | None = None  # black and white to show it with, if not its `grey_limits`

    def rescaled(
        self,
        data: np.ndarray,
        ratio: float,
        step: str,
        first: Sequence[float] = (0, 0),
        provenance: Mapping[str, Any] | None = None,
    ) -> Micrograph:
        """With other data, whose pixels are `ratio` times as large, and a line more of history.

        The first of them lies at the row and column `first` of these. `provenance` is where they came from; this
        image's own is not theirs.
        """
        size = None if self.pixel_size is None else (self.pixel_size[0] * ratio, self.pixel_size[1] * ratio)
        origin = ((self.origin[0] + first[0]) / ratio, (self.origin[1] + first[1]) / ratio)
        frames = self.frames if data.shape[:-2] == self.data.shape[:-2] else ()
        changed: dict[str, Any] = {"pixel_size": size, "origin": origin, "frames": frames, "number": None}
        changed |= {"history": (*self.history, step), "provenance": provenance or {}, "display": None}
        return dataclasses.replace(self, data=data, **changed)

    @property
    def notes(self) -> list[str]:
        """History, and where it came from, in lines that `notes.split` takes apart again."""
        return notes.lines(self.history, self.provenance)

    def greys(self) -> tuple[float, float]:
        """Black and white to show it with."""
        return self.display or grey_limits(self.data)

    def describe(self) -> str:
        """'1280x1280 px of 0.0262 nm'."""
        size = "x".join(map(str, self.data.shape)) + " px"
        if self.pixel_size is None:
            return f"{size}, pixel size unknown"
        sides = dict.fromkeys(f"{side:.4g}" for side in self.pixel_size)
        return f"{size} of {' x '.join(sides)} {shown(self.units) if self.units != 'px' else '(no units)'}"


def as_grey(path: str, image: np.ndarray) -> np.ndarray:
    """A colour image [..., h, w, 3 or 4] as grey if its colours are all alike; InputError, naming `path`, if not."""
    if image.ndim < 3:
        return image
    colours = image[..., :3] if image.shape[-1] in (3, 4) else image[..., :1]
    if (colours != colours[..., :1]).any():
        raise InputError(f"{path}: expected a grey image, found a colour one")
    return np.ascontiguousarray(colours[..., 0])


def as_type(data: np.ndarray, *types: str) -> np.ndarray:
    """The data in `type_for` it; says what became of its values there."""
    with np.errstate(over="ignore"):
        written = data.astype(type_for(data, *types), copy=False)
    for sentence in lost(data, written):
        remarks.say(sentence)
    return written


def type_for(data: np.ndarray, *types: str) -> np.dtype:
    """Its own type, or the first of these NumPy types that holds all values of that.

    Else float32, or float64 where float32 has no digits for it and that is among the types.
    """
    own = data.dtype.newbyteorder("=")
    held = [np.dtype(each) for each in types]
    if own in held:
        return own
    single, double = np.dtype(np.float32), np.dtype(np.float64)
    otherwise = double if double in held and not fits_float32(data) else single
    return next((each for each in held if np.can_cast(own, each)), otherwise)


def as_whole_numbers(data: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, int]:
    """Data rounded to a type of whole numbers, and how many values lay beyond its limits and were clipped to them."""
    limits = np.iinfo(dtype)
    lowest, highest = data.dtype.type(limits.min), data.dtype.type(limits.max)  # which may lie just beyond
    rounded = np.rint(data)
    low, high = rounded <= lowest, rounded >= highest
    whole = np.where(low | high | np.isnan(data), 0, rounded).astype(dtype)
    whole[low], whole[high] = limits.min, limits.max
    return whole, int(np.count_nonzero((rounded < lowest) | (rounded > highest)))


def lost(data: np.ndarray, written: np.ndarray) -> list[str]:
    """A sentence for what became of values that were written in another type; none if all stayed near what they were.

    Whole numbers count if they change at all, others if they become infinite or are no longer told apart.
    """
    if data.dtype.newbyteorder("=") == written.dtype:
        return []
    if data.dtype.kind in "iu":
        exact = written.astype(np.longdouble if data.dtype.itemsize > 4 else np.float64)
        changed = int(np.count_nonzero(exact != data))
        return [f"{changed} of {data.size} values were rounded to {written.dtype}"] if changed else []
    beyond = int(np.count_nonzero(np.isfinite(data) & ~np.isfinite(written)))
    if beyond:
        return [f"{beyond} of {data.size} values are beyond {written.dtype} and became infinite"]
    if written.dtype == np.float32 and not fits_float32(data):
        return [f"float32, the only type of this format for {data.dtype}, rounds values so far above their range"]
    return []


def grey_limits(data: np.ndarray) -> tuple[float, float]:
    """Black and white to show an image with: 0.1 and 99.9 percentiles of its finite values, of 10^6 if they are more.

    Half a unit around the value of an image that has but one; (0, 1) if none is finite.
    """
    finite = data.ravel()[:: max(1, data.size // 10**6)]
    finite = finite[np.isfinite(finite)].astype(np.float64)
    low, high = (float(value) for value in np.percentile(finite, (0.1, 99.9))) if finite.size else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)
