"""Intensities from the samples of a TIFF, which may be numbers of colours, or have another sign or direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from . import ome, remarks
from .image import as_grey

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage, TiffPageSeries

WHITE_IS_ZERO, PALETTE = 0, 3
#: Kinds of samples that are no grey values, nor three of them that may be alike.
COLOURS = {5: "inks", 8: "CIELAB", 9: "ICCLAB", 10: "ITULAB", 32803: "a colour mosaic", 32844: "LogL", 32845: "LogLUV"}


def intensities(path: str, file: TiffFile, series: TiffPageSeries) -> np.ndarray:
    """A series of images [..., h, w]; InputError, naming `path`, for colours."""
    page: TiffPage = series.keyframe
    if page.photometric in COLOURS:
        raise InputError(f"{path}: expected a grey image, found one in {COLOURS[page.photometric]}")
    data = series.asarray()
    if "S" in series.axes:  # samples of a pixel: colours
        return as_grey(path, np.moveaxis(data, series.axes.index("S"), -1))
    is_own = file.is_ome or page.is_imagej  # whose palettes and directions are but ways to show the values
    if page.photometric == PALETTE and page.colormap is not None and not is_own:
        return _greys(path, data, page.colormap)
    if page.photometric == WHITE_IS_ZERO and data.dtype.kind in "bu" and not is_own:
        remarks.say("its values are lower where it is brighter, as it says; they are turned round")
        return ~data if data.dtype.kind == "b" else data.dtype.type(2**page.bitspersample - 1) - data
    return _signed(file, series, data)


def _greys(path: str, data: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The greys that `data` are the numbers of in a palette [3, n] of 16 bits; in 8 bits if these do."""
    numbers = np.unique(data)
    used = palette[:, numbers]
    if (used != used[0]).any():
        raise InputError(f"{path}: expected a grey image, found one with a colour palette")
    greys = palette[0].astype(np.uint16)
    if not (used[0] % 257).any() or not (used[0] % 256).any():
        greys = greys >> 8
    return greys.astype(np.uint8 if greys[numbers].max() < 256 else np.uint16)[data]


def _signed(file: TiffFile, series: TiffPageSeries, data: np.ndarray) -> np.ndarray:
    """With the minus signs that OME and ImageJ write as unsigned numbers."""
    if data.dtype.kind != "u":
        return data
    image = ome.image_of(file, series)
    kind = None if image is None else ome.TYPES.get(ome.pixels(image).get("Type", ""))
    if kind and np.dtype(kind).itemsize == data.dtype.itemsize:
        return data.view(kind)
    lowest = 2 ** (8 * data.dtype.itemsize - 1)
    calibration = (file.imagej_metadata or {}) if series.keyframe.is_imagej else {}
    if [calibration.get(key) for key in ("cf", "c0", "c1")] == [0, -lowest, 1]:
        return (data ^ data.dtype.type(lowest)).view(f"i{data.dtype.itemsize}")
    return data
