"""TIFF by tifffile: ImageJ's, OME's, and those of instruments."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import axes, confined, guards, notes, ome, remarks, tiff_sizes, tiff_values, units
from .contents import DIFFRACTION, Entry
from .image import Micrograph, as_type, type_for
from .stacks import Stack
from .values import fits_float32

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

IMAGEJ = ("u1", "i2", "u2", "f4")  # its types of values
MOST_PER_UNIT = 1e5  # px: of more, or of fewer than one in as many units, the resolution tags lose digits
MOST_BYTES = 3.9e9  # of data in a file that is no BigTIFF: its offsets end at 4 GiB


def contents(path: str) -> list[Entry]:
    """The series of images in a file; InputError if a header promises too much."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        if file.is_ome and (other := ome.other(file)):
            raise confined.refusal(path, other)
        return [_entry(path, file, number) for number in range(len(file.series))]


def _entry(path: str, file: TiffFile, number: int) -> Entry:
    series = file.series[number]
    guards.check_bytes(path, series.shape, series.dtype)
    shape = _shape(series)
    if tiff_sizes.is_diffraction(path, file, series):
        kind = f"{DIFFRACTION} {'x'.join(map(str, shape))}"
    else:
        kind = tiff_values.kind(path, file, series)
    dtype = tiff_values.type_of(path, file, series, kind)
    title, _, provenance = _told(file, series)
    load, pixel = functools.partial(read, path, number), functools.partial(_pixel, path, number)
    stack = functools.partial(_stack, path, number)
    return Entry(kind, shape, dtype, load, title or series.name or "", "", pixel, lambda: provenance, stack)


def _pixel(path: str, number: int) -> tuple[tuple[float, float] | None, str]:
    """Height and width of a pixel of a series, and their unit's name."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        return tiff_sizes.pixel_size(path, file, file.series[number])


def _shape(series: TiffPageSeries) -> tuple[int, ...]:
    """[..., h, w], without samples of colours."""
    sides = [series.shape[series.axes.index(axis)] for axis in "YX" if axis in series.axes]
    without = "YXS" if axes.has_colours(series.axes, series.shape) else "YX"
    return (*(n for axis, n in zip(series.axes, series.shape) if axis not in without), *sides)


def read(path: str, number: int = 0) -> Micrograph:
    """A series that is an image, by number from 0; InputError for colours, or a header that promises too much."""
    with _open(path, number) as (file, series):
        data = tiff_values.intensities(path, file, series)
        size, unit = tiff_sizes.pixel_size(path, file, series)
        title, history, provenance = _told(file, series)
    return Micrograph(data, size, unit, title, history, provenance=provenance)


@contextlib.contextmanager
def _stack(path: str, number: int) -> Iterator[Stack | None]:
    with _open(path, number) as (file, series):
        yield tiff_values.stack(file, series)


@contextlib.contextmanager
def _open(path: str, number: int) -> Iterator[tuple[TiffFile, TiffPageSeries]]:
    """A file and a series of it, to be read; InputError for a header that promises too much."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        series = file.series[number]
        guards.check_bytes(path, series.shape, series.dtype)
        len(file.pages)  # finds all of them, and an end that is missing
        if companion := ome.companion(file):
            remarks.say(f"found its metadata to be in another file, {companion}, which is not read")
        yield file, series


def _told(file: TiffFile, series: TiffPageSeries) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Title, history and where it came from: OME's, and what `write_imagej` put; another Info says no such thing."""
    image = ome.image_of(file, series)
    if image is not None:
        title, history = ome.title_and_history(image)
        return title, *notes.split(history)
    return notes.of_info(str((file.imagej_metadata or {}).get("Info", "")))


def write_imagej(path: str, micrograph: Micrograph) -> None:
    """uint8, int16, uint16 or float32, with grey limits; as OME where ImageJ's kind of TIFF does not hold it.

    Says what it cannot take.
    """
    import tifffile

    dtype = type_for(micrograph.data, *IMAGEJ)
    rounds = micrograph.data.dtype.kind in "iu" and dtype.kind == "f" or not fits_float32(micrograph.data)
    if rounds or micrograph.data.size * dtype.itemsize > MOST_BYTES:
        write_ome(path, micrograph)
        return
    data = as_type(micrograph.data, *IMAGEJ)
    info = notes.info(micrograph.title, micrograph.history, micrograph.provenance)
    metadata: dict[str, Any] = {"axes": "TZYX"[4 - data.ndim :], "Info": info}
    options: dict[str, Any] = {}
    if micrograph.pixel_size:
        micrograph, resolution = _resolution(micrograph)
        if resolution:
            options["resolution"] = resolution
            metadata["unit"] = _escaped(units.IMAGEJ.get(micrograph.units, micrograph.units))
        options["extratags"] = _digital_micrograph_tags(micrograph)
    metadata |= dict(zip(("min", "max"), _display_range(micrograph, data)))
    tifffile.imwrite(path, data, imagej=True, metadata=metadata, **options)


def _display_range(micrograph: Micrograph, data: np.ndarray) -> tuple[float, float]:
    """Black and white as ImageJ counts: int16 from 0, to which it adds 32768 (its calibration takes them off again)."""
    low, high = micrograph.greys()
    zero = -np.iinfo(np.int16).min if data.dtype == np.int16 else 0
    return low + zero, high + zero


def write_ome(path: str, micrograph: Micrograph) -> None:
    """OME-TIFF, BigTIFF where it must be; says what it cannot take, such as a unit that OME has no name for."""
    import tifffile

    data = as_type(micrograph.data, "i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
    metadata: dict[str, Any] = {"axes": "TZYX"[4 - data.ndim :], "Name": micrograph.title}
    metadata["Description"] = "\n".join(micrograph.notes)
    options: dict[str, Any] = {"photometric": "minisblack"}  # 3 columns are no colours
    if micrograph.pixel_size:
        unit = units.OME.get(micrograph.units)
        if unit is None:
            remarks.say(f"OME has no unit {micrograph.units}; the pixel size is left out of its metadata")
        for axis, size in zip("YX" if unit else "", micrograph.pixel_size):
            metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": unit}
        options["extratags"] = _digital_micrograph_tags(micrograph)
    tifffile.imwrite(path, data, ome=True, bigtiff=data.nbytes > MOST_BYTES, metadata=metadata, **options)


def _resolution(micrograph: Micrograph) -> tuple[Micrograph, tuple[float, float] | None]:
    """With the pixel size in units in which the resolution tags can hold it, and these, of columns and rows, if any."""
    size, metres = micrograph.pixel_size or (1.0, 1.0), units.METRES.get(micrograph.units)
    shown = _shown(micrograph)
    if metres and not _fits_resolution(size):
        unit = next((each for each in ("fm", "pm", "nm", "µm") if max(size) * metres < 1e3 * units.METRES[each]), "mm")
        size = (size[0] * metres / units.METRES[unit], size[1] * metres / units.METRES[unit])
        micrograph = dataclasses.replace(micrograph, pixel_size=size, units=unit)
    if not _fits_resolution(size):
        remarks.say(f"the pixel size {shown} cannot be given as a resolution; only DigitalMicrograph's tags have it")
        return micrograph, None
    if _shown(micrograph) != shown:
        remarks.say(f"the pixel size {shown} is given as {_shown(micrograph)}")
    return micrograph, (1 / size[1], 1 / size[0])


def _shown(micrograph: Micrograph) -> str:
    """Its pixel size."""
    return micrograph.describe().split(" px of ")[1]


def _fits_resolution(size: tuple[float, float]) -> bool:
    return min(size) >= 1 / MOST_PER_UNIT and max(size) <= MOST_PER_UNIT


def _escaped(text: str) -> str:
    r"""In ASCII, as ImageJ escapes what is not: \u00B5."""
    codes = text.encode("utf-16-be")
    pairs = zip(codes[::2], codes[1::2])
    return "".join(chr(low) if not high and low < 0x7F else f"\\u{high:02X}{low:02X}" for high, low in pairs)


def _digital_micrograph_tags(micrograph: Micrograph) -> list[tuple]:
    """Units and pixel size of columns and rows where DigitalMicrograph keeps them in a TIFF; HyperSpy looks there."""
    rows, columns = micrograph.pixel_size or (1.0, 1.0)
    name = ("" if micrograph.units == "px" else micrograph.units).encode("latin-1", "replace")
    named = [(tag, "s", 0, name, True) for tag in (65003, 65004)]
    return [*named, (65009, "d", 1, columns, True), (65010, "d", 1, rows, True)]
