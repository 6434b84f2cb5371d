"""What is known about an image, in a form that every format can take."""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import remarks, units
from .image import Axis, Micrograph
from .notes import checked

LONGEST_UNIT = 40  # characters
#: Control characters, breaks of lines and paragraphs, halves of characters and what is none: no XML, HDF5 or label
#: holds all of them.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def fit(micrograph: Micrograph) -> Micrograph:
    """With words in lines of characters that can be written, and a pixel size that may be true; says what changed."""
    title = line(micrograph.title)
    notes = tuple(line(note) for text in micrograph.history for note in (str(text).splitlines() or [""]))
    if title != str(micrograph.title or "").strip():
        remarks.say("the title has characters that cannot be written; others stand for them")
    if any(line(text) != str(text).strip() for text in micrograph.history):
        remarks.say("the notes have characters that cannot be written; others stand for them")
    size, unit = _pixel(micrograph)
    row, column = micrograph.origin
    origin, frames = (finite(row, 0.0), finite(column, 0.0)), tuple(map(_frames, micrograph.frames))
    if (origin, frames) != (micrograph.origin, micrograph.frames):
        remarks.say("the places of the first pixel or of frames cannot be written as they are; they were changed")
    provenance = checked(micrograph.provenance)
    if micrograph.provenance and not provenance:
        remarks.say("where it came from is no plain data of a few pages; that was left out")
    changed: dict[str, Any] = {"title": title, "units": unit, "history": notes, "pixel_size": size}
    changed["provenance"] = provenance
    return dataclasses.replace(micrograph, origin=origin, frames=frames, **changed)


def _frames(axis: Axis) -> Axis:
    return Axis(line(axis.name), line(axis.units), finite(axis.scale, 1.0), finite(axis.offset, 0.0))


def finite(value: Any, otherwise: float) -> float:
    """A finite number, or else the other one."""
    try:
        return float(value) if math.isfinite(value) else otherwise
    except (TypeError, ValueError):
        return otherwise


def _pixel(micrograph: Micrograph) -> tuple[tuple[float, float] | None, str]:
    """Height and width of a pixel, if they may be true, and their unit's name."""
    named = units.name_of(micrograph.units)
    unit = line(named)
    if len(unit) > LONGEST_UNIT:
        unit = unit[: LONGEST_UNIT - 1] + "…"
        remarks.say(f"the unit of the pixel size was shortened to {unit}")
    elif unit != named:
        remarks.say(f"the unit of the pixel size has characters that cannot be written; it became {unit or 'none'}")
    if micrograph.pixel_size is None:
        return None, unit
    doubt = units.doubts(micrograph.pixel_size, unit)
    if doubt:
        remarks.say(f"{doubt}; it is left out")
        return None, "px"
    height, width = micrograph.pixel_size
    return (float(height), float(width)), unit


def line(text: object) -> str:
    """A text in one line: control characters as spaces, halves of characters as the sign for an unknown one."""
    return _UNWRITABLE.sub(_written, "" if text is None else str(text)).strip()


def _written(match: re.Match[str]) -> str:
    return " " if unicodedata.category(match.group()) in ("Cc", "Zl", "Zp") else "\ufffd"


def shortened(text: str, most: int) -> str:
    """A text of at most so many bytes in UTF-8, with an ellipsis where it ends early."""
    encoded = text.encode()
    return text if len(encoded) <= most else encoded[: most - 3].decode(errors="ignore") + "…"


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata with all words in it, at any depth, in characters that can be written, and arrays in memory."""
    return {str(key): _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, (list, tuple)):
        parts = [_plain(each) for each in value]
        return parts if isinstance(value, list) else tuple(parts)
    if isinstance(value, str):
        return re.sub("[\x00\ud800-\udfff]", "\ufffd", value)
    return np.asarray(value.compute()) if hasattr(value, "compute") else value
