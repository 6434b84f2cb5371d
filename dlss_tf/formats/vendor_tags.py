"""Pixel sizes where makers of instruments keep them in the tags of a TIFF page, as tifffile parses these.

A function a maker gives the sides of a pixel, rows' and columns', and the unit of each; None if it is not there.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import units

if TYPE_CHECKING:
    from tifffile import TiffPage

#: Of rows and of columns: sizes, None where only a unit is known, and units.
Sides = tuple[tuple[object, object], tuple[object, object]]

JEOL = "JEOL Ltd."


def found(page: TiffPage) -> Iterator[Sides]:
    """What the makers' tags of a page say, one after another."""
    for maker in (digital_micrograph, zeiss, fibics, orion, fei, fei_xml, olympus, tvips, jeol, hitachi, tescan):
        try:
            sides = maker(page)
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, ElementTree.ParseError):
            continue  # a tag of that number by another program, or a damaged one
        if sides is not None:
            yield sides


def digital_micrograph(page: TiffPage) -> Sides | None:
    """Gatan's, HyperSpy's and ours: 65003 and 65004 are columns' and rows' units, 65009 and 65010 their sizes."""
    named = page.tags.valueof(65004), page.tags.valueof(65003)
    rows, columns = (
        each if isinstance(each, (int, float)) else None for each in map(page.tags.valueof, (65010, 65009))
    )
    return None if rows is columns is named[0] is named[1] is None else ((rows, columns), named)


def zeiss(page: TiffPage) -> Sides | None:
    """SmartSEM's 34118: the size by name, or, with more digits, in m a 1024th of the width among what has no name."""
    tag = page.tags.valueof(34118)
    if not isinstance(tag, dict):
        return None
    named = next((tag[key] for key in ("ap_image_pixel_size", "ap_pixel_size") if key in tag), None)
    by_name = units.quantity(" ".join(map(str, named[1:]))) if named else None
    nameless = tag.get("", ())
    exact = nameless[3] * 1024 / page.imagewidth if len(nameless) > 3 and isinstance(nameless[3], float) else 0.0
    if by_name is None or units.doubts(by_name[:1] * 2, by_name[1]):
        return _square(exact, "m") if exact else by_name and _square(*by_name)
    metres = by_name[0] * units.METRES.get(units.name_of(by_name[1]), np.nan)
    return _square(exact, "m") if np.isclose(exact, metres, rtol=1e-2, atol=0) else _square(*by_name)


def fibics(page: TiffPage) -> Sides | None:
    """Zeiss Atlas' and Fibics' 51023: steps along columns and rows in µm, or the field of view."""
    xml = _xml(page, 51023)
    if xml is None:
        return None
    ux, uy, vx, vy = (float(xml.findtext(f".//Scan/{name}") or 0) for name in ("Ux", "Uy", "Vx", "Vy"))
    if (ux or uy) and (vx or vy):
        return (float(np.hypot(vx, vy)), float(np.hypot(ux, uy))), ("µm", "µm")
    (height, rows_unit), (width, columns_unit) = (_measure(xml, f".//Scan/FOV_{axis}") for axis in "YX")
    return (height / page.imagelength, width / page.imagewidth), (rows_unit, columns_unit)


def orion(page: TiffPage) -> Sides | None:
    """Zeiss Orion's 65000: sizes, or the field of view of a row."""
    xml = _xml(page, 65000)
    if xml is None or xml.tag != "ImageTags":
        return None
    if xml.find("ScalingX") is not None:
        (rows, rows_unit), (columns, columns_unit) = (_measure(xml, f"Scaling{axis}") for axis in "YX")
        return (rows, columns), (rows_unit or "m", columns_unit or "m")
    width, unit = _measure(xml, "Fov")
    return _square(width / page.imagewidth, unit)


def fei(page: TiffPage) -> Sides | None:
    """FEI's and Thermo Fisher's 34680 and 34682, in m: of the scan, or the field of view of the beam."""
    tag: dict[str, Any] = {}
    for code in (34680, 34682):
        value = page.tags.valueof(code)
        tag |= value if isinstance(value, dict) else {}
    beam = tag.get("Beam", {})
    for section in ("Scan", beam.get("Scan"), "EScan", "IScan"):
        scan = tag.get(section, {})
        sides = scan.get("PixelHeight"), scan.get("PixelWidth")
        if all(isinstance(side, (int, float)) for side in sides):
            return sides, ("m", "m")
    pixels = tag.get("Image", {})
    for section in (beam.get("Beam"), "EBeam", "IBeam", "IRBeam"):
        field = tag.get(section, {})
        if isinstance(field.get("HFW"), float) and isinstance(field.get("VFW"), float):
            return (field["VFW"] / pixels["ResolutionY"], field["HFW"] / pixels["ResolutionX"]), ("m", "m")
    return None


def fei_xml(page: TiffPage) -> Sides | None:
    """Phenom's and Titan's 34683: sizes with a unit, or in m."""
    xml = _xml(page, 34683)
    if xml is None:
        return None
    if xml.find(".//pixelWidth") is not None:
        (rows, rows_unit), (columns, columns_unit) = (_measure(xml, f".//pixel{side}") for side in ("Height", "Width"))
        return (rows, columns), (rows_unit or "m", columns_unit or "m")
    rows, columns = (_measure(xml, f".//PixelsSize/{axis}")[0] for axis in "YX")
    return (rows, columns), ("m", "m")


def olympus(page: TiffPage) -> Sides | None:
    """SIS' and Olympus' 33560, in m."""
    tag = page.tags.valueof(33560)
    return ((tag["pixelsizey"], tag["pixelsizex"]), ("m", "m")) if isinstance(tag, dict) else None


def tvips(page: TiffPage) -> Sides | None:
    """EM-MENU's 37706, in nm; of its first version the resolution, in cm whatever the unit is said to be."""
    tag = page.tags.valueof(37706)
    if not tag:
        return None
    if "PixelSizeX" in tag:
        return (tag["PixelSizeY"], tag["PixelSizeX"]), ("nm", "nm")
    rows, columns = (page.tags[f"{axis}Resolution"].value for axis in "YX")
    return (rows[1] / rows[0], columns[1] / columns[0]), ("cm", "cm")


def jeol(page: TiffPage) -> Sides | None:
    """TEM Center's and SightX's XML: the resolution is the camera's, to be divided by the magnification."""
    if not is_jeol(page):
        return None
    xml = ElementTree.fromstring(re.sub(r"[\0-\x08\x0b\x0c\x0e-\x1f]", "", page.description))
    mode, value = (xml.findtext(f".//ImageFormingSystem/{name}") for name in ("ModeString", "SelectorValue"))
    if xml.findtext(".//EosMode") != "eosTEM" or mode not in ("MAG", "DIFF"):
        return None
    if mode == "DIFF":
        return (1, 1), ("1/nm", "1/nm")
    rows, columns = (page.tags[f"{axis}Resolution"].value for axis in "YX")
    unit = "in" if page.tags.valueof(296, 2) == 2 else "cm"
    return (rows[1] / rows[0] / float(value or 0), columns[1] / columns[0] / float(value or 0)), (unit, unit)


def is_jeol(page: TiffPage) -> bool:
    """Whether JEOL's TEM software wrote it: its resolution is that of the camera, not of the image."""
    return page.tags.valueof(271) == JEOL and "<TemReporter" in page.description


def hitachi(page: TiffPage) -> Sides | None:
    """The lines that Hitachi has in the description, or in a text file beside the image."""
    return of_hitachi(page.description)


def of_hitachi(text: str) -> Sides | None:
    """PixelSize in lines after [SemImageFile] or [TemImageFile], in nm if there is no unit."""
    value = _value(text, "PixelSize") if re.search(r"\[[ST]em\w*ImageFile\]", text, re.IGNORECASE) else None
    size = units.quantity(value)
    return size and _square(size[0], size[1] or "nm")


def tescan(page: TiffPage) -> Sides | None:
    """Tescan's 50431, in m."""
    tag = page.tags.valueof(50431)
    return of_tescan(tag.decode("latin-1")) if isinstance(tag, bytes) else None


def of_tescan(text: str) -> Sides | None:
    """PixelSizeX and PixelSizeY in lines, in m."""
    rows, columns = (_value(text, f"PixelSize{axis}") for axis in "YX")
    return ((rows, columns), ("m", "m")) if rows and columns else None


def _value(text: str, key: str) -> str | None:
    """What stands after 'key=' in a line of its own."""
    match = re.search(rf"^\W*{key}[ \t]*=[ \t]*(.*?)\s*$", text.replace("\r", "\n").replace("\0", "\n"), re.MULTILINE)
    return match[1] if match else None


def _xml(page: TiffPage, code: int) -> ElementTree.Element | None:
    """A tag that holds XML."""
    tag = page.tags.valueof(code)
    text = tag if isinstance(tag, bytes) else str(tag).encode() if isinstance(tag, str) else b""
    if isinstance(tag, str):  # already decoded, whatever its head says
        text = re.sub(rb"^\s*<\?xml[^>]*\?>", b"", text)
    return ElementTree.fromstring(text.strip(b"\0 \r\n")) if b"<" in text else None


def _measure(xml: ElementTree.Element, path: str) -> tuple[float, str | None]:
    """A number and its unit, which is an attribute, or beside the number in an element of its own, or behind it."""
    element = xml.find(path)
    if element is None:
        raise LookupError(path)
    value = units.quantity(element.findtext("Value") or element.text)
    if value is None:
        raise ValueError(path)
    unit = element.get("units") or element.get("unit") or element.findtext("Units")
    return value[0], value[1] or unit


def _square(size: object, unit: object) -> Sides:
    return (size, size), (unit, unit)
