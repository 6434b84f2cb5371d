"""Intensities from the samples of a TIFF, which may be numbers of colours, or have another sign or direction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from . import axes, ome, remarks
from .contents import COLOUR, IMAGE
from .stacks import Stack

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage, TiffPageSeries

WHITE_IS_ZERO, PALETTE = 0, 3
#: Kinds of samples that are no grey values, nor three of them that may be alike.
OTHERS = {
    **{code: f"{COLOUR} in {name}" for code, name in ((5, "inks"), (8, "CIELAB"), (9, "ICCLAB"), (10, "ITULAB"))},
    **{32803: f"{COLOUR} in a mosaic", 32844: "logarithms (LogL)", 32845: f"{COLOUR} in logarithms (LogLUV)"},
}


def kind(path: str, file: TiffFile, series: TiffPageSeries) -> str:
    """IMAGE, or what a series is instead by its samples."""
    page: TiffPage = series.keyframe
    if page.photometric in OTHERS:
        return OTHERS[page.photometric]
    has_palette = _palette(file, page) is not None
    if has_palette or axes.has_colours(series.axes, series.shape):
        try:
            intensities(path, file, series)
        except InputError:
            return f"{COLOUR} with a palette" if has_palette else COLOUR
    return IMAGE


def type_of(path: str, file: TiffFile, series: TiffPageSeries, kind: str = IMAGE) -> np.dtype:
    """Of a series' intensities, or of its samples if it is no image."""
    if kind != IMAGE:
        return series.dtype
    if _palette(file, series.keyframe) is not None:
        return intensities(path, file, series).dtype
    return _values(file, series, np.empty(0, series.dtype)).dtype


def intensities(path: str, file: TiffFile, series: TiffPageSeries) -> np.ndarray:
    """A series of images [..., h, w]; InputError, naming `path`, for colours."""
    data = axes.in_order(path, series.asarray(), series.axes)
    palette = _palette(file, series.keyframe)
    return _values(file, series, data) if palette is None else _greys(path, data, palette)


def stack(file: TiffFile, series: TiffPageSeries) -> Stack | None:
    """The same of a series whose pages are its frames, or lie one behind the other; None of another one."""
    names, (*frames, height, width) = series.axes, series.shape
    in_order = len(frames) > 0 and names.endswith("YX") and names.count("Y") == names.count("X") == 1
    if not in_order or "S" in names or min(height, width) < axes.SHORTEST or series.transform is not None:
        return None
    if _palette(file, series.keyframe) is not None:
        return None
    offset, pages = series.dataoffset, [page for page in series.pages if page is not None]
    if offset is None and (len(pages) != math.prod(frames) or series.keyframe.shape != (height, width)):
        return None

    def read(first: int, last: int) -> np.ndarray:
        if offset is None:
            samples = np.stack([page.asarray() for page in pages[first:last]])
        else:
            size, typecode = height * width, file.byteorder + series.dtype.char
            place = offset + first * size * series.dtype.itemsize
            samples = file.filehandle.read_array(typecode, (last - first) * size, place).reshape(-1, height, width)
        return _values(file, series, samples)

    return Stack(series.shape, _values(file, series, np.empty(0, series.dtype)).dtype, read)


def _values(file: TiffFile, series: TiffPageSeries, data: np.ndarray) -> np.ndarray:
    """Intensities from samples, one by one."""
    page: TiffPage = series.keyframe
    if page.photometric == WHITE_IS_ZERO and data.dtype.kind in "bu" and not _is_shown_only(file, page):
        remarks.say("its values are lower where it is brighter, as it says; they are turned round")
        return ~data if data.dtype.kind == "b" else data.dtype.type(2**page.bitspersample - 1) - data
    return _signed(file, series, data)


def _is_shown_only(file: TiffFile, page: TiffPage) -> bool:
    """Whether palette and direction are but ways to show the values, as OME's and ImageJ's are."""
    return bool(file.is_ome or page.is_imagej)


def _palette(file: TiffFile, page: TiffPage) -> np.ndarray | None:
    """The colours [3, n] that the samples are the numbers of; None if they are values."""
    return page.colormap if page.photometric == PALETTE and not _is_shown_only(file, page) else None


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
