"""Pixel sizes in the text files that scanning electron microscopes write beside an image: Hitachi, JEOL, Tescan."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from . import units
from .vendor_tags import Sides, of_hitachi, of_tescan

MOST_BYTES = 100_000  # of a text file; what is longer is something else


def found(path: str, width: int) -> Iterator[Sides]:
    """What the text files beside an image say that is `width` px wide; not those of an image of another width."""
    stem = os.path.splitext(path)[0]
    for name in (f"{stem}.txt", f"{stem}.TXT", f"{stem}.hdr", f"{stem}-tif.hdr", f"{path}.txt", f"{path}.hdr"):
        text = _text(name)
        for sides in (of_hitachi(text), of_jeol(text), of_tescan(text) if name.endswith(".hdr") else None):
            if sides is not None and _widths(text) <= {width}:
                yield sides


def of_jeol(text: str) -> Sides | None:
    """The length of the scale bar over its pixels."""
    bar, marker = (
        re.search(rf"^\${{1,2}}{key}[ \t]+(.+?)\s*$", text, re.MULTILINE)
        for key in ("SM_MICRON_BAR", "SM_MICRON_MARKER")
    )
    pixels, length = (units.quantity(match and match[1]) for match in (bar, marker))
    if not pixels or not length or not pixels[0]:
        return None
    size = length[0] / pixels[0]
    return (size, size), (length[1], length[1])


def _widths(text: str) -> set[int]:
    """Of the image that the text is about: none if it does not say."""
    return {int(match) for match in re.findall(r"^(?:DataSize[ \t]*=|\$CM_FULL_SIZE)[ \t]*(\d+)", text, re.MULTILINE)}


def _text(path: str) -> str:
    """Of a file, "" if there is none that can be read: it is looked for, not asked for."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError:
        return ""
    if len(content) > MOST_BYTES:
        return ""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return content.decode(encoding, "replace").replace("\r\n", "\n").lstrip("\ufeff")
