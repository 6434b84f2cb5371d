"""What a file holds, image by image, and which of them is meant."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError, shown
from ..suggestions import did_you_mean
from .image import Micrograph
from .stacks import Stack

IMAGE = "an image"  # the kind of an entry that can be read; other kinds say what there is instead
COLOUR = "a colour image"
DIFFRACTION = "diffraction patterns"
PREFERRED = "HAADF"  # of images of one size: what most scans are, and not a map of an element beside it

Choice = str | int | None  # an image of a file: a name, a number from 1, or None for the one that is taken unasked


@dataclasses.dataclass(frozen=True)
class Entry:
    """An image, or what else there is, in a file."""

    kind: str  # IMAGE, or what it is instead, with its shape
    shape: tuple[int, ...]  # [..., h, w]
    dtype: np.dtype
    load: Callable[[], Micrograph]
    name: str = ""  # its title
    detector: str = ""
    pixel: Callable[[], tuple[tuple[float, float] | None, str]] = lambda: (None, "px")  # its size, and the units of it
    provenance: Callable[[], Mapping[str, Any]] = dict  # a Micrograph's
    #: The data of `load` left in the file, which is open within it; None if they can only be read whole.
    stack: Callable[[], contextlib.AbstractContextManager[Stack | None]] = contextlib.nullcontext

    @property
    def label(self) -> str:
        """Its detector, else its title; "" if it has neither."""
        return self.detector or self.name

    def describe(self) -> str:
        """'1280x1280 px of 0.0262 nm, uint16', or what it is instead of an image."""
        if self.kind != IMAGE:
            return self.kind
        there = np.broadcast_to(np.zeros((), self.dtype), self.shape)  # takes no memory
        return f"{Micrograph(there, *self.pixel()).describe()}, {self.dtype}"


def entry_of(micrograph: Micrograph) -> Entry:
    """The one entry of a file that is read already."""
    data, pixel, origin = micrograph.data, (micrograph.pixel_size, micrograph.units), micrograph.provenance
    more = (lambda: pixel, lambda: origin)
    return Entry(IMAGE, data.shape, data.dtype, lambda: micrograph, micrograph.title, "", *more)


def numbered(entries: Sequence[Entry]) -> list[tuple[int, Entry]]:
    """The images among the entries, with the numbers that these have in the file, from 1."""
    return [(number, entry) for number, entry in enumerate(entries, 1) if entry.kind == IMAGE]


def choose(path: str, entries: Sequence[Entry], image: Choice = None) -> int:
    """The number of the image that is meant; unasked the largest, of several a HAADF image, else the first.

    Raises:
        InputError: there is none; a larger picture beside it is in colour or a diffraction pattern, so that it may be
            its thumbnail; or no image, or several, go by the name that is given.
    """
    if image is not None:
        number = _number(path, entries, image)
        if entries[number - 1].kind != IMAGE:
            raise InputError(f"{path}: expected image {image} to be an image, found {entries[number - 1].kind}")
        return number
    images = numbered(entries)
    kinds = ", ".join(dict.fromkeys(entry.kind for entry in entries)) or "a file without one"
    if entries and all(entry.kind.startswith(COLOUR) for entry in entries):
        raise InputError(f"{path}: expected a grey image, found {kinds.replace(COLOUR, 'a colour one')}")
    if not images:
        raise InputError(f"{path}: expected an image, found {kinds}")
    number, best = max(images, key=lambda each: (_area(each[1]), PREFERRED in each[1].label.upper()))
    for entry in entries:
        if entry.kind.startswith((COLOUR, DIFFRACTION)) and len(entry.shape) == 2 and _area(entry) > _area(best):
            raise InputError(
                f"{path}: expected an image, found {entry.kind} larger than the images beside it; "
                f"{_how(images)} chooses one of these"
            )
    return number


def taken(entries: Sequence[Entry], number: int) -> str | None:
    """A sentence on which of several images was taken; None if there is but one."""
    images = numbered(entries)
    if len(images) < 2:
        return None
    entry = entries[number - 1]
    label = f" ({entry.label})" if entry.label else ""
    return f"found {len(images)} images, took image {number}{label}, {entry.describe()}; {_how(images)} chooses"


def listing(entries: Sequence[Entry], taken: int | None) -> list[str]:
    """A line for each entry, with its number; the one that is taken unasked is marked."""
    width = max((len(entry.label) for entry in entries), default=0)
    return [
        shown(
            f"{number:3}{'*' if number == taken else ' '} {entry.label:{width}}  {entry.describe()}"
            + (f"  {entry.name}" if entry.detector and entry.name not in ("", entry.detector) else "")
        )
        for number, entry in enumerate(entries, 1)
    ]


def _number(path: str, entries: Sequence[Entry], image: str | int) -> int:
    """The number that a name or a number stands for."""
    text = str(image).strip()
    if text.isdecimal() and 1 <= int(text) <= len(entries):
        return int(text)
    for spelt in (str, str.casefold):  # as it is, or in any letters
        found = [
            number
            for number, entry in enumerate(entries, 1)
            if spelt(text) in (spelt(entry.name.strip()), spelt(entry.detector.strip())) and text
        ]
        if len(found) == 1:
            return found[0]
        if found:
            numbers = ", ".join(map(str, found))
            raise InputError(f"{path}: expected one image called {text}, found numbers {numbers} of that name")
    labels = ", ".join(f"{number}{f' ({entry.label})' if entry.label else ''}" for number, entry in numbered(entries))
    near = did_you_mean(text, (name for _, entry in numbered(entries) for name in (entry.label, entry.name) if name))
    raise InputError(f"{path}: expected an image called {text}, found {labels or 'no image'}{near}")


def _area(entry: Entry) -> int:
    return int(np.prod(entry.shape[-2:], dtype=object))


def _how(images: Sequence[tuple[int, Entry]]) -> str:
    return "--image " + "|".join(str(number) for number, _ in images[:3]) + ("|..." if len(images) > 3 else "")
