"""Units of a pixel's size, by the names that programs give them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

#: Units of length by the name that we give them, in metres.
METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "nm": 1e-9, "Å": 1e-10, "pm": 1e-12}
#: Other spellings of those names; "px" is a size without a unit.
_SPELLINGS = {
    "µm": ("u_m", "um", "\u03bcm", "\\u00B5m", "micron", "microns", "micrometer"),
    "nm": ("n_m", "nanometer"),
    "Å": ("A", "\u212b", "angstrom", "Angstrom"),
    "m": ("meter",),
    "mm": ("millimeter",),
    "pm": ("picometer",),
    "px": ("pixel", "pixels", "<undefined>", ""),
}
_NAMES = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}
#: As ImageJ calls them: its descriptions are ASCII, and HyperSpy takes a size only where there is a unit.
IMAGEJ = {"µm": "micron", "Å": "angstrom", "px": "pixel"}
#: As NGFF (OME-Zarr) calls them.
NGFF = {"pm": "picometer", "Å": "angstrom", "nm": "nanometer", "µm": "micrometer", "mm": "millimeter", "m": "meter"}
#: In the units of diffraction patterns.
RECIPROCAL = re.compile(
    r"1\s*/|^\s*/|\^\s*\{?\s*[-\u2212]\s*1|\*\*\s*[-\u2212]\s*1|[A-Za-zÅ][-\u2212]1\b|⁻¹|\breciprocal|\binverse|^per\b"
    r"|rad(ian)?s?\b|deg(ree)?s?\b|°",
    re.IGNORECASE,
)


def name_of(units: object) -> str:
    """'nm', 'Å', 'µm', ... for any spelling of them; "px" for none; what is not known stays as it is."""
    text = "" if units is None else str(units).strip()
    return _NAMES.get(text, text)


def is_reciprocal(units: object) -> bool:
    """Whether it is a unit of diffraction patterns."""
    return units is not None and bool(RECIPROCAL.search(str(units)))


def calibrated(sizes: Sequence[float], units: object) -> tuple[tuple[float, float] | None, str]:
    """Height and width of a pixel and their unit's name; (None, "px") if one of the two is not a positive number."""
    if not all(np.isfinite(size) and size > 0 for size in sizes):
        return None, "px"
    return (float(sizes[0]), float(sizes[1])), name_of(units)
