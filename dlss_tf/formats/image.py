"""The type that readers give and writers take: an image with pixel size, units, title and history."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import InputError
from . import remarks
from .values import fits_float32


@dataclasses.dataclass(frozen=True)
class Micrograph:
    """An image, or a stack of images of one size, with what is known about it."""

    data: np.ndarray  # [h, w] or [..., h, w], real, in the detector's units
    pixel_size: tuple[float, float] | None = None  # of rows and columns, in `units`; None if it is not known
    units: str = "px"  # of the pixel size: nm, Å, µm, ...; px if there is a size without units
    title: str = ""
    history: tuple[str, ...] = ()  # what was done to it, a line each

    def rescaled(self, data: np.ndarray, ratio: float, step: str) -> Micrograph:
        """With other data, whose pixels are `ratio` times as large, and a line more of history."""
        size = None if self.pixel_size is None else (self.pixel_size[0] * ratio, self.pixel_size[1] * ratio)
        return dataclasses.replace(self, data=data, pixel_size=size, history=(*self.history, step))

    def describe(self) -> str:
        """'1280x1280 px of 0.0262 nm'."""
        size = "x".join(map(str, self.data.shape)) + " px"
        if self.pixel_size is None:
            return f"{size}, pixel size unknown"
        sides = dict.fromkeys(f"{side:.4g}" for side in self.pixel_size)
        return f"{size} of {' x '.join(sides)} {self.units if self.units != 'px' else '(no units)'}"


def as_grey(path: str, image: np.ndarray) -> np.ndarray:
    """A colour image [..., h, w, 3 or 4] as grey if its colours are all alike; InputError, naming `path`, if not."""
    if image.ndim < 3:
        return image
    colours = image[..., :3] if image.shape[-1] in (3, 4) else image[..., :1]
    if (colours != colours[..., :1]).any():
        raise InputError(f"{path}: expected a grey image, found a colour one")
    return np.ascontiguousarray(colours[..., 0])


def as_type(data: np.ndarray, *types: str) -> np.ndarray:
    """The data as it is if it has one of these NumPy types, else in float32.

    Where float32 has no digits for it, in float64 if that is among the types; if not, with a remark.
    """
    data = data.astype(data.dtype.newbyteorder("="), copy=False)
    if data.dtype in [np.dtype(each) for each in types]:
        return data
    if fits_float32(data):
        return data.astype(np.float32)
    if "f8" in types:
        return data.astype(np.float64)
    remarks.say(f"float32, the only type of this format for {data.dtype}, rounds values so far above their range")
    return data.astype(np.float32)


def grey_limits(data: np.ndarray) -> tuple[float, float]:
    """Black and white to show an image with: 0.1 and 99.9 percentiles of its finite values, of 10^6 if they are more.

    Half a unit around the value of an image that has but one; (0, 1) if none is finite.
    """
    finite = data.ravel()[:: max(1, data.size // 10**6)]
    finite = finite[np.isfinite(finite)]
    low, high = (float(value) for value in np.percentile(finite, (0.1, 99.9))) if finite.size else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)
