"""The pixel size of a series of images in a TIFF: of all who say something about it, the first that may be right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import ome, remarks, side_files, units, vendor_tags
from .vendor_tags import Sides

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage, TiffPageSeries

LARGEST_PIXEL = 1e-5  # m; larger ones in the resolution tags are a printer's, no microscope's
RESOLUTION_UNITS = {2: 0.0254, 3: 1e-2, 4: 1e-3, 5: 1e-6}  # m


def is_diffraction(path: str, file: TiffFile, series: TiffPageSeries) -> bool:
    """Whether anyone names an axis' unit that is one of diffraction patterns, with a size or without."""
    return any(units.is_reciprocal(name) for _, names in _said(path, file, series) for name in names)


def pixel_size(path: str, file: TiffFile, series: TiffPageSeries) -> tuple[tuple[float, float] | None, str]:
    """Height and width of a pixel, and their unit's name; (None, "px"), and a remark, if all that is said is wrong."""
    doubts, nameless = [], None
    for sizes, names in _said(path, file, series):
        if None in sizes:
            continue
        doubt = units.doubts(sizes, *names)
        if doubt:
            doubts.append(doubt)
            continue
        size, unit = units.calibrated(sizes, *names)
        if unit in units.METRES:
            return size, unit
        if unit != "px":
            doubts.append(f"expected a pixel size in units of length, found {sizes[0]} x {sizes[1]} {unit}")
        elif size != (1.0, 1.0):  # which stands for none
            nameless = nameless or size
    if nameless is None and doubts:
        remarks.say(f"{doubts[0]}; it is taken as unknown")
    return nameless, "px"


def _said(path: str, file: TiffFile, series: TiffPageSeries) -> Iterator[Sides]:
    """A pixel's sides by all who say something of this series, those who know best first."""
    page = series.keyframe
    image = ome.image_of(file, series)
    if image is not None:
        yield ome.sides(image)
    yield from vendor_tags.found(page)
    by_imagej = _imagej(file, page)
    if by_imagej:
        yield by_imagej
    yield from side_files.found(path, page.imagewidth)
    if not by_imagej and not vendor_tags.is_jeol(page) and (by_resolution := _resolution(page)):
        yield by_resolution


def _imagej(file: TiffFile, page: TiffPage) -> Sides | None:
    """In ImageJ's units, which may be others for rows."""
    metadata = (file.imagej_metadata or {}) if page.is_imagej else {}
    if "unit" not in metadata:
        return None
    return _per_pixel(page) or (None, None), (metadata.get("yunit", metadata["unit"]), metadata["unit"])


def _resolution(page: TiffPage) -> Sides | None:
    """From the resolution tags, where they are no printer's, in nm."""
    resolution = _per_pixel(page)
    metres = RESOLUTION_UNITS.get(int(page.tags.valueof(296, default=2)))
    if resolution is None or metres is None or not 0 < max(resolution) * metres <= LARGEST_PIXEL:
        return None
    return (resolution[0] * metres * 1e9, resolution[1] * metres * 1e9), ("nm", "nm")


def _per_pixel(page: TiffPage) -> tuple[float, float] | None:
    """Units of resolution a pixel's height and width."""
    tags = [page.tags.valueof(code) for code in (283, 282)]
    if not all(isinstance(tag, tuple) and len(tag) == 2 and tag[0] for tag in tags):
        return None
    (rows, of_rows), (columns, of_columns) = tags
    return of_rows / rows, of_columns / columns
