"""What opens a file of a suffix, and what is asked of it: its images, their names, a list of what is in it."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from . import confined, guards, kinds, notes, npy, png, reasons, remarks, rosetta, stacks, tiff
from .contents import Choice, Entry, choose, entry_of, listing, numbered, taken
from .image import Axis, Micrograph
from .stacks import About

OME, TIFF = kinds.TIFF[:2], kinds.TIFF[2:]
ALL = "all"  # images of a file
FRAMES = "frames"  # the question that has several answers

#: What is read by other means than RosettaSciIO.
READERS: dict[str, Callable[[str], list[Entry]]] = {
    **dict.fromkeys((*TIFF, *OME), tiff.contents),
    ".png": lambda path: [entry_of(png.read(path))],
    ".npy": npy.contents,
}
#: Modules that reading takes, beside RosettaSciIO's.
MODULES = {**dict.fromkeys((*TIFF, *OME), "tifffile"), ".png": "PIL.Image"}


def answer(question: str, path: str, suffix: str, stem: str, image: Choice = None) -> dict[str, Any]:
    """What is asked of a file, in plain values and arrays: QUESTIONS' answer, and what there is to remark of the file.

    Raises:
        InputError: one sentence that names the file, whatever its reader raises.
        MemoryError: there is too little for it.
    """
    with remarks.gathered() as sentences, opened(path, suffix) as entries:
        found = QUESTIONS[question](path, entries, stem, image)
    return {"found": found, "remarks": list(dict.fromkeys(sentences))}


def answers(
    question: str, path: str, suffix: str, stem: str, image: Choice = None, frame: int | None = None
) -> Iterator[dict[str, Any]]:
    """`answer`, which of FRAMES is whether others were not taken, after all frames or the one of that number from 0.

    Before it come, with "more", for each image "image", what is known of it, and "frames", arrays [n, h, w]. The file
    is open, and whatever readers warn of is not heard, until all are taken or this is closed.

    Raises:
        InputError, MemoryError: as `answer`.
    """
    if question != FRAMES:
        yield answer(question, path, suffix, stem, image)
        return
    with remarks.gathered() as sentences, opened(path, suffix) as entries:
        chosen, said = _chosen(path, entries, image)
        for number in chosen:
            entry = entries[number - 1]
            with entry.stack() as found:
                stack = found or stacks.of_array(entry.load().data)
                check_array(path, stack.dtype, stack.shape)
                size, units = entry.pixel()
                about = {"number": number if len(entries) > 1 else None, "shape": stack.shape, "dtype": stack.dtype.str}
                yield {"more": True, "image": {**about, "pixel_size": size, "units": units}}
                for part in stack.parts(frame):
                    yield {"more": True, "frames": part}
    yield {"found": said, "remarks": list(dict.fromkeys(sentences))}


def warm(suffix: str) -> None:
    """Import what reading such a file takes, as far as it is installed."""
    with contextlib.suppress(Exception):
        if suffix in READERS:
            importlib.import_module(MODULES.get(suffix, "numpy"))
        else:
            rosetta.warm(suffix)


@contextlib.contextmanager
def opened(path: str, suffix: str) -> Iterator[list[Entry]]:
    """What is in a file, to be read within this context: whatever is raised there becomes one sentence."""
    with guards.quiet() as messages, confined.to(path, suffix):
        try:
            entries = READERS[suffix](path) if suffix in READERS else rosetta.contents(path, suffix)
        except Exception as error:  # third-party readers raise anything on a damaged file
            other = kinds.other_than(path, suffix)
            if other:
                raise InputError(f"{path}: expected a {suffix} image, found {other}") from None
            raise _raised(path, suffix, error) from None
        try:
            yield entries
        except Exception as error:
            raise _raised(path, suffix, error) from None
    for message in messages:  # tifffile gives what is left of a truncated file, and an error message
        if "corrupt" in message or "invalid page offset" in message:
            raise InputError(f"{path}: expected a {suffix} image, found a damaged or truncated file")


def _raised(path: str, suffix: str, error: Exception) -> Exception:
    return MemoryError() if reasons.lacks_memory(error) else reasons.refusal(path, suffix, error)


def _images(path: str, entries: list[Entry], stem: str, image: Choice) -> tuple[list[dict[str, Any]], str | None]:
    """Fields of the Micrographs that are meant, and a sentence if others were not."""
    chosen, said = _chosen(path, entries, image)
    found = [_fields(path, entries[number - 1].load(), stem) for number in chosen]
    for fields, number in zip(found, chosen):
        fields["number"] = number if len(entries) > 1 else None
    return found, said


def _chosen(path: str, entries: list[Entry], image: Choice) -> tuple[list[int], str | None]:
    """Numbers of the images that are meant, and a sentence if others were not."""
    if image == ALL:
        return [number for number, _ in numbered(entries)] or [choose(path, entries)], None
    number = choose(path, entries, image)
    return [number], taken(entries, number) if image is None else None


def _fields(path: str, micrograph: Micrograph, stem: str) -> dict[str, Any]:
    """Of an image, whose title is the file's name if it has none; InputError if it is none."""
    check_image(path, micrograph.data)
    fields = {field.name: getattr(micrograph, field.name) for field in dataclasses.fields(micrograph)}
    frames = [dataclasses.astuple(axis) for axis in micrograph.frames]
    return {**fields, "frames": frames, "title": micrograph.title or stem}


def micrograph_of(path: str, fields: dict[str, Any]) -> Micrograph:
    """The Micrograph that the fields are those of, if that is what they are; else InputError, which names `path`."""
    try:
        check_image(path, fields["data"])
        size = fields["pixel_size"]
        kinds = {"units": str, "title": str, "metadata": dict, "original_metadata": dict}
        number = fields["number"]
        return Micrograph(
            data=fields["data"],
            **{name: kind(fields[name]) for name, kind in kinds.items()},
            pixel_size=None if size is None else _pair(size),
            history=tuple(map(str, fields["history"])),
            origin=_pair(fields["origin"]),
            frames=tuple(Axis(str(name), str(unit), float(a), float(b)) for name, unit, a, b in fields["frames"]),
            provenance=notes.checked(fields["provenance"]),
            number=None if number is None else int(number),
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise reasons.refusal(path, os.path.splitext(path)[1], error) from None


def about_of(path: str, fields: dict[str, Any]) -> About:
    """What is known of an image whose frames come, if the fields are that; else InputError, which names `path`."""
    try:
        number, size = fields["number"], fields["pixel_size"]
        shape, dtype = tuple(map(int, fields["shape"])), np.dtype(fields["dtype"])
        check_array(path, dtype, shape)
        number, size = None if number is None else int(number), None if size is None else _pair(size)
        return About(number, shape, dtype, size, str(fields["units"]))
    except (LookupError, TypeError, ValueError) as error:
        raise reasons.refusal(path, os.path.splitext(path)[1], error) from None


def _pair(values: Any) -> tuple[float, float]:
    rows, columns = values
    return float(rows), float(columns)


def check_image(path: str, data: np.ndarray) -> None:
    """InputError unless it is a real image [h, w] or a stack of them."""
    check_array(path, data.dtype, data.shape)


def check_array(path: str, dtype: np.dtype, shape: Sequence[int]) -> None:
    """`check_image` of what has that type and shape."""
    if dtype.kind not in "biuf":
        raise InputError(f"{path}: expected a real image, found values of type {dtype}")
    if len(shape) < 2 or 0 in shape:
        raise InputError(f"{path}: expected an image [h, w] or a stack of them, found shape {list(shape)}")


def _listing(path: str, entries: list[Entry], stem: str, image: Choice) -> list[str]:
    """A line for each entry; a star marks the one that is taken unasked."""
    try:
        number = choose(path, entries)
    except InputError:
        number = None
    return listing(entries, number)


def _names(path: str, entries: list[Entry], stem: str, image: Choice) -> list[tuple[int, str]]:
    """Each image's number, and what comes into the names of its results: '1-HAADF-' and the like."""
    images = numbered(entries)
    return [(number, "-".join([str(number), *re.findall(r"\w+", entry.label), ""])) for number, entry in images]


def _provenances(path: str, entries: list[Entry], stem: str, image: Choice) -> list[tuple[int, dict[str, Any]]]:
    """Of each entry, image or not, that says where it came from, its number and what it says."""
    found = [(number, dict(entry.provenance())) for number, entry in enumerate(entries, 1)]
    return [(number, provenance) for number, provenance in found if provenance]


QUESTIONS: dict[str, Callable[[str, list[Entry], str, Choice], Any]] = {
    "images": _images,
    "listing": _listing,
    "names": _names,
    "provenances": _provenances,
}


def bytes_there(path: str, suffix: str) -> int:
    """Of a file, or of all files in a folder, with those that are part of it by their name."""
    there = guards.bytes_on_disk(path)
    if suffix not in confined.OF_SEVERAL:
        return there
    with contextlib.suppress(OSError), os.scandir(os.path.dirname(path) or ".") as entries:
        there += sum(entry.stat().st_size for entry in entries if entry.is_file())
    return there
