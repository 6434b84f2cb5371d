"""What OME's metadata in a TIFF say of one of its images."""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

from .vendor_tags import Sides

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

Image = ElementTree.Element
TYPES = {"int8": "i1", "int16": "i2", "int32": "i4", "float": "f4", "double": "f8"}  # NumPy's names


def image_of(file: TiffFile, series: TiffPageSeries) -> Image | None:
    """The element on a series of images; None if there is none, or if it cannot be told which of them it is."""
    if not file.is_ome:
        return None
    images = _images(file.ome_metadata or "")
    page, place = series.keyframe, next(i for i, each in enumerate(file.series) if each is series)
    size = str(page.imagelength), str(page.imagewidth)
    if len(images) == len(file.series) and _sides(images[place]) == size:
        return images[place]
    fitting = [each for each in images if _sides(each) == size]
    named = [each for each in fitting if each.get("Name") == series.name]
    return next((found[0] for found in (named, fitting) if len(found) == 1), None)


def companion(file: TiffFile) -> str | None:
    """The file in which OME's metadata of this one are; None if they are in it."""
    match = re.search(r"<(?:\w+:)?BinaryOnly\b[^>]*\bMetadataFile=[\"']([^\"']*)", file.ome_metadata or "")
    return match and match[1]


def other(file: TiffFile) -> str | None:
    """A file, there or not, in which planes of this one's images are; None if all are in it."""
    root = _root(file.ome_metadata or "")
    for uuid in root.iter():
        name = uuid.get("FileName")
        if _local(uuid) == "UUID" and name and name.lower() != file.filename.lower() and uuid.text != root.get("UUID"):
            return name
    return None


def _images(metadata: str) -> list[Image]:
    return [each for each in _root(metadata) if _local(each) == "Image"]


@functools.lru_cache(maxsize=1)  # it is asked for every series of a file
def _root(metadata: str) -> Image:
    try:
        return ElementTree.fromstring(metadata)
    except ElementTree.ParseError:
        return ElementTree.Element("OME")


def _sides(image: Image) -> tuple[str | None, str | None]:
    """Its height and width in px."""
    found = pixels(image)
    return found.get("SizeY"), found.get("SizeX")


def pixels(image: Image) -> Image:
    """The element with the image's sizes and type."""
    return next((each for each in image if _local(each) == "Pixels"), ElementTree.Element("Pixels"))


def sides(image: Image) -> Sides:
    """A pixel's; their unit is µm where none is."""
    found = pixels(image)
    rows, columns = (found.get(f"PhysicalSize{axis}") for axis in "YX")
    return (rows, columns), (found.get("PhysicalSizeYUnit", "µm"), found.get("PhysicalSizeXUnit", "µm"))


def title_and_history(image: Image) -> tuple[str, tuple[str, ...]]:
    """Its name, and its description as a line for each step."""
    description = next((each.text for each in image if _local(each) == "Description"), None)
    return image.get("Name", ""), tuple((description or "").splitlines())


def _local(element: Image) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]
