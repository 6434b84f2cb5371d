"""Units of a pixel's size, by the names that programs give them, and sizes that cannot be."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from . import remarks

_PREFIXES = {"k": 1e3, "": 1.0, "d": 1e-1, "c": 1e-2, "m": 1e-3, "µ": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
#: Units of length by the name that we give them, in metres.
METRES = {**{f"{prefix}m": metres for prefix, metres in _PREFIXES.items()}, "Å": 1e-10, "in": 0.0254}
_WORDS = {
    **{"kilo": "k", "": "", "deci": "d", "centi": "c", "zenti": "c", "milli": "m", "micro": "µ", "mikro": "µ"},
    **{"nano": "n", "pico": "p", "piko": "p", "femto": "f"},
}
#: Other spellings of those names, in small letters and without blanks; "px" is a size without a unit.
_SPELLINGS = {
    "µm": ("um", "mum", "?m", "\ufffdm", "µ", "micron", "microns", "mikron"),
    "Å": ("å", "aa", "ang", "angs", *(f"{a}ngstr{o}m{s}" for a in "aå" for o in ("o", "ö", "oe") for s in ("", "s"))),
    "in": ("inch", "inches"),
    "px": ("pixel", "pixels", "pix", "undefined", "<undefined>", "none", "referenceframe", ""),
}
_NAMES = {
    **{name.lower(): name for name in METRES},
    **{f"{word}met{end}": f"{prefix}m" for word, prefix in _WORDS.items() for end in ("er", "ers", "re", "res")},
    **{spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings},
}
#: As ImageJ calls them: its descriptions are ASCII, and HyperSpy takes a size only where there is a unit.
IMAGEJ = {"µm": "micron", "Å": "angstrom", "in": "inch", "px": "pixel"}
#: As OME calls them; it knows no others.
OME = {**{name: name for name in METRES}, "px": "pixel"}
#: As NGFF (OME-Zarr) calls them.
NGFF = {
    **{"pm": "picometer", "Å": "angstrom", "nm": "nanometer", "µm": "micrometer", "mm": "millimeter", "m": "meter"},
    **{"fm": "femtometer", "cm": "centimeter", "dm": "decimeter", "km": "kilometer", "in": "inch"},
}
#: In the units of diffraction patterns.
RECIPROCAL = re.compile(
    r"1\s*/|^\s*/|\^\s*\{?\s*[-\u2212]\s*1|\*\*\s*[-\u2212]\s*1|[A-Za-zÅ][-\u2212]1\b|⁻¹|\breciprocal|\binverse|^per\b"
    r"|rad(ian)?s?\b|deg(ree)?s?\b|°",
    re.IGNORECASE,
)
_SAID = ("m", "mm", "µm", "nm", "pm", "fm")
SMALLEST, LARGEST = 1e-15, 1e-3  # m a pixel: no microscope's image has smaller or larger ones


def name_of(units: object) -> str:
    """'nm', 'Å', 'µm', ... for any spelling of them; "px" for none; what is not known stays as it is."""
    text = _text(units)
    plain = unicodedata.normalize("NFKC", _unescaped(text)).replace("\u03bc", "µ").strip("\0 \t\r\n[](){}$")
    plain = re.sub(r"(/|\bper\b)\s*(px|pix|pixel)$", "", plain, flags=re.IGNORECASE)
    if plain in ("A", *METRES):
        return "Å" if plain == "A" else plain
    return _NAMES.get(re.sub(r"[\s_.\-\\{}$]", "", plain).lower(), text.strip())


def said(metres: float) -> str:
    """A length in the unit in which its number is 1 to 999, in fm if it is less: '20 nm', '500 pm'."""
    unit = next((each for each in _SAID if metres >= METRES[each] * (1 - 1e-9)), _SAID[-1])
    return f"{metres / METRES[unit]:.4g} {unit}"


def is_reciprocal(units: object) -> bool:
    """Whether it is a unit of diffraction patterns."""
    return bool(RECIPROCAL.search(_unescaped(_text(units))))


def _text(units: object) -> str:
    """As text: files have bytes, too, and HyperSpy an object for no unit."""
    return "" if units is None else units.decode("latin-1") if isinstance(units, bytes) else str(units)


def _unescaped(text: str) -> str:
    r"""With the characters for Java's \u00B5, HTML's &micro;, and for UTF-8 that was taken for Latin-1."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1] or match[2], 16)), text)
    text = re.sub(r"\\mu\b\s*", "µ", re.sub(r"\\AA\b|\\(r|text)?angstrom\b", "Å", html.unescape(text)))
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            pass
    return text


def quantity(text: object) -> tuple[float, str] | None:
    """Number and unit of '11.65 nm', '5um' or '9,9E-9'; None for what is no number."""
    match = re.fullmatch(r"\s*([-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:e[-+]?\d+)?)\s*(.*?)\s*", str(text), re.IGNORECASE)
    return (float(match[1].replace(",", ".")), match[2]) if match else None


def calibrated(sizes: Sequence[object], *units: object) -> tuple[tuple[float, float] | None, str]:
    """Height and width of a pixel and their unit's name; (None, "px"), and a remark, if that cannot be true.

    `units` are the rows' and the columns', or one for both; sizes in two units of length come out in the columns'.
    """
    doubt = doubts(sizes, *units)
    if doubt:
        remarks.say(f"{doubt}; it is taken as unknown")
        return None, "px"
    rows, columns = (float(size) for size in sizes)  # type: ignore[arg-type]
    of_rows, unit = (name_of(each) for each in (units[0], units[-1]))
    if of_rows != unit:
        rows *= METRES[of_rows] / METRES[unit]
    return (rows, columns), unit


def doubts(sizes: Sequence[object], *units: object) -> str:
    """Why height and width of a pixel cannot be true, without a full stop; "" if they may."""
    names = [name_of(each) for each in (units[0], units[-1])]
    found = " x ".join(f"{_shown(size)} {name}" for size, name in zip(sizes, names))
    try:
        numbers = [float(size) for size in sizes]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return f"expected numbers as the pixel size, found {found}"
    if any(map(is_reciprocal, units)):
        return f"expected a pixel size in units of length, found {found}, as of a diffraction pattern"
    if not all(np.isfinite(number) and number > 0 for number in numbers):
        return f"expected positive numbers as the pixel size, found {found}"
    if names[0] != names[1] and not all(name in METRES for name in names):
        return f"expected rows and columns in units of length, or in the same, found {found}"
    lengths = [number * METRES[name] for number, name in zip(numbers, names) if name in METRES]
    if any(not SMALLEST * (1 - 1e-6) <= length <= LARGEST * (1 + 1e-6) for length in lengths):
        return f"expected a pixel size between 1 fm and 1 mm, found {found}"
    return ""


def _shown(size: object) -> str:
    return f"{size:.4g}" if isinstance(size, (int, float, np.number)) else str(size)
