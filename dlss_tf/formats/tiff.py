"""TIFF by tifffile: ImageJ's, OME's, and those of instruments, whose calibration RosettaSciIO knows."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from . import axes, guards, rosetta, units
from .contents import COLOUR, DIFFRACTION, IMAGE, Entry
from .image import Micrograph, as_grey, as_type, grey_limits, lost

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage, TiffPageSeries

LARGEST_PIXEL = 1e-5  # m; larger ones in the resolution tags are a printer's, no microscope's
MOST_RESOLUTION = 1e6  # pixels a unit, and units a pixel, that a ratio of 32-bit numbers tells to 7 digits and more
MOST_BYTES = 3.9e9  # of data in a file that is no BigTIFF: its offsets end at 4 GiB


def contents(path: str) -> list[Entry]:
    """The series of images in a file; InputError if a header promises too much."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        return [_entry(path, file, number) for number in range(len(file.series))]


def _entry(path: str, file: TiffFile, number: int) -> Entry:
    series = file.series[number]
    guards.check_bytes(path, series.shape, series.dtype)
    shape = _shape(series)
    kind = _kind(path, file, series, shape)
    load, pixel = functools.partial(read, path, number), functools.partial(_pixel, path, number)
    return Entry(kind, shape, series.dtype, load, series.name or "", pixel=pixel)


def _pixel(path: str, number: int) -> tuple[tuple[float, float] | None, str]:
    """Height and width of a pixel of a series, and their unit's name."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        return _pixel_size(path, file, file.series[number].keyframe)


def _shape(series: TiffPageSeries) -> tuple[int, ...]:
    """[..., h, w], without samples of colours."""
    sides = [series.shape[series.axes.index(axis)] for axis in "YX" if axis in series.axes]
    without = "YXS" if axes.has_colours(series.axes, series.shape) else "YX"
    return (*(n for axis, n in zip(series.axes, series.shape) if axis not in without), *sides)


def _kind(path: str, file: TiffFile, series: TiffPageSeries, shape: tuple[int, ...]) -> str:
    """IMAGE, or what a series is instead."""
    if any(units.is_reciprocal(unit) for unit in _named_units(path, file, series)):
        return f"{DIFFRACTION} {'x'.join(map(str, shape))}"
    if axes.has_colours(series.axes, series.shape):
        try:
            as_grey(path, np.moveaxis(series.asarray(), series.axes.index("S"), -1))
        except InputError:
            return COLOUR
    return IMAGE


def _named_units(path: str, file: TiffFile, series: TiffPageSeries) -> list[str]:
    """Units of the axes, as OME, ImageJ, DigitalMicrograph or a microscope camera write them."""
    found = [(file.imagej_metadata or {}).get(name) for name in ("unit", "yunit")]
    found += [tag.value for code in (65003, 65004) if (tag := series.keyframe.tags.get(code))]
    if file.is_ome:
        pixels = _ome_image(file, file.series.index(series)).get("Pixels", {})
        found += [pixels.get(f"PhysicalSize{axis}Unit") for axis in "YX"]
    if file.is_tvips or "<TemReporter" in str(series.keyframe.description)[:2000]:  # JEOL's
        found += _instrument_units(path)
    return [str(unit) for unit in found if unit]


def _instrument_units(path: str) -> list[str]:
    """Units that RosettaSciIO finds in an instrument's own tags, if it is installed and knows these."""
    try:
        from rsciio.tiff import file_reader

        return [str(axis.get("units")) for axis in file_reader(path, lazy=True)[0]["axes"]]
    except Exception:  # as _instrument_pixel_size
        return []


def read(path: str, number: int = 0) -> Micrograph:
    """A series of images, by number from 0; InputError for colours, or a header that promises too much."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        series = file.series[number]
        guards.check_bytes(path, series.shape, series.dtype)
        len(file.pages)  # finds all of them, and an end that is missing
        data = axes.in_order(path, series.asarray(), series.axes)
        size, unit = _pixel_size(path, file, series.keyframe)
        title, history = _title_and_history(file)
    return Micrograph(data, size, unit, title, history)


def _pixel_size(path: str, file: TiffFile, page: TiffPage) -> tuple[tuple[float, float] | None, str]:
    """From OME's or ImageJ's metadata, an instrument's, or the resolution tags."""
    if file.is_ome:
        pixels = _ome_image(file)["Pixels"]
        sizes = [pixels.get(f"PhysicalSize{axis}") for axis in "YX"]
        if all(sizes):
            return units.calibrated([float(size) for size in sizes], pixels.get("PhysicalSizeXUnit", "µm"))
    resolutions = [page.tags.get(f"{axis}Resolution") for axis in "YX"]
    sizes = [tag.value[1] / tag.value[0] for tag in resolutions if tag and tag.value[0]]
    resolved = len(sizes) == 2
    named = (file.imagej_metadata or {}).get("unit") if file.is_imagej else None
    if resolved and named:
        return units.calibrated(sizes, named)
    size, unit = _instrument_pixel_size(path)
    if size is not None or not resolved:
        return size, unit
    metres = {2: 0.0254, 3: 0.01}.get(int(page.tags["ResolutionUnit"].value) if "ResolutionUnit" in page.tags else 2)
    if metres is None or max(sizes) * metres > LARGEST_PIXEL:
        return None, "px"
    return units.calibrated([size * metres * 1e9 for size in sizes], "nm")


def _instrument_pixel_size(path: str) -> tuple[tuple[float, float] | None, str]:
    """What RosettaSciIO makes of an instrument's own tags, if it is installed and finds a unit of length in them."""
    try:
        from rsciio.tiff import file_reader

        size, unit = rosetta.pixel_size(file_reader(path, lazy=True)[0])
    except Exception:  # it is not there, or the file is none that it knows; the image is read all the same
        return None, "px"
    return (size, unit) if unit in units.METRES else (None, "px")


def _ome_image(file: TiffFile, number: int = 0) -> dict[str, Any]:
    """What OME's metadata says of a file's image, by number from 0."""
    import tifffile

    image = tifffile.xml2dict(file.ome_metadata or "")["OME"]["Image"]
    images = image if isinstance(image, list) else [image]
    return images[number] if number < len(images) else {}


def _title_and_history(file: TiffFile) -> tuple[str, tuple[str, ...]]:
    """As the writers below put them: the title, then a line for each step."""
    if file.is_ome:
        image = _ome_image(file)
        return str(image.get("Name", "")), tuple(str(image.get("Description", "")).splitlines())
    lines = str((file.imagej_metadata or {}).get("Info", "")).splitlines()
    return (lines[0], tuple(lines[1:])) if lines else ("", ())


def write_imagej(path: str, micrograph: Micrograph) -> list[str]:
    """uint8, int16, uint16 or float32, with grey limits; as OME what ImageJ's kind of TIFF cannot hold.

    Returns a sentence for what it cannot take.
    """
    import tifffile

    data = as_type(micrograph.data, "u1", "i2", "u2", "f4")
    if data.nbytes > MOST_BYTES or micrograph.data.dtype.kind in "iu" and data.dtype.kind == "f":
        return write_ome(path, micrograph)
    remarks = lost(micrograph.data, data)
    metadata: dict[str, Any] = {
        "axes": "TZYX"[4 - data.ndim :],
        "Info": "\n".join([micrograph.title, *micrograph.history]),
    }
    options: dict[str, Any] = {}
    if micrograph.pixel_size:
        micrograph, said = _resolvable(micrograph)
        remarks += said
    if micrograph.pixel_size:
        rows, columns = micrograph.pixel_size
        options["resolution"] = (1 / columns, 1 / rows)
        metadata["unit"] = _escaped(units.IMAGEJ.get(micrograph.units, micrograph.units))
        options["extratags"] = _digital_micrograph_tags(micrograph)
    metadata |= dict(zip(("min", "max"), grey_limits(data)))
    tifffile.imwrite(path, data, imagej=True, metadata=metadata, **options)
    return remarks


def _resolvable(micrograph: Micrograph) -> tuple[Micrograph, list[str]]:
    """With a pixel size whose inverse is a ratio of 32-bit numbers: as it is, in another unit, or left out."""
    sizes, unit = micrograph.pixel_size or (1.0, 1.0), micrograph.units
    if _in_range(sizes):
        return micrograph, []
    said = f"{sizes[0]:g} x {sizes[1]:g} {unit}"
    for other in ("m", "mm", "µm", "nm", "pm") if unit in units.METRES else ():
        converted = [side * units.METRES[unit] / units.METRES[other] for side in sizes]
        if (min(converted) >= 1 or other == "pm") and _in_range(converted):
            changed = dataclasses.replace(micrograph, pixel_size=(converted[0], converted[1]), units=other)
            return changed, [f"the pixel size {said} is given as {changed.describe().split(' px of ')[1]}"]
    left = dataclasses.replace(micrograph, pixel_size=None, units="px")
    return left, [f"the pixel size {said} cannot be given as a resolution; it was left out"]


def _in_range(sizes: Sequence[float]) -> bool:
    return all(1 / MOST_RESOLUTION <= side <= MOST_RESOLUTION for side in sizes)


def _escaped(text: str) -> str:
    """In ASCII, as ImageJ escapes what is not."""
    codes = text.encode("utf-16-be")
    pairs = zip(codes[::2], codes[1::2])
    return "".join(chr(low) if not high and low < 0x7F else f"\\u{high:02x}{low:02x}" for high, low in pairs)


def write_ome(path: str, micrograph: Micrograph) -> list[str]:
    """OME-TIFF, BigTIFF where it must be. Returns a sentence for what it cannot take."""
    import tifffile

    data = as_type(micrograph.data, "i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
    metadata: dict[str, Any] = {"axes": "TZYX"[4 - data.ndim :], "Name": micrograph.title}
    metadata["Description"] = "\n".join(micrograph.history)
    options: dict[str, Any] = {"photometric": "minisblack"}  # 3 columns are no colours
    if micrograph.pixel_size:
        for axis, size in zip("YX", micrograph.pixel_size):
            metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": micrograph.units}
        options["extratags"] = _digital_micrograph_tags(micrograph)
    tifffile.imwrite(path, data, ome=True, bigtiff=data.nbytes > MOST_BYTES, metadata=metadata, **options)
    return lost(micrograph.data, data)


def _digital_micrograph_tags(micrograph: Micrograph) -> list[tuple]:
    """Units and pixel size of columns and rows where DigitalMicrograph keeps them in a TIFF; HyperSpy looks there."""
    rows, columns = micrograph.pixel_size or (1.0, 1.0)
    name = ("" if micrograph.units == "px" else micrograph.units).encode("latin-1", "replace")
    named = [(tag, "s", 0, name, True) for tag in (65003, 65004)]
    return [*named, (65009, "d", 1, columns, True), (65010, "d", 1, rows, True)]
