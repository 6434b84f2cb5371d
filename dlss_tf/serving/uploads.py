"""What clients send and get: scans in any readable format or raw, images in any that is written."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import Query
from pydantic import BaseModel, ConfigDict

from .. import micrograph
from ..errors import InputError, gathered, shown
from ..formats import digests
from ..formats.image import Micrograph
from ..inference.options import Options
from ..interfaces.results import source_of
from .depths import DEPTHS, received, sent

RAW = "raw"
FORMATS = ("tif", "ome.tif", "hspy", "png", "mrc", "npy", RAW)
MEDIA = {"tif": "image/tiff", "ome.tif": "image/tiff", "png": "image/png"}
BINARY = "application/octet-stream"
LONGEST_HEADER = 6000  # bytes; clients take no more than a few thousand
#: Suffixes of what cannot be sent: folders, and what is several files.
NOT_SENT = (*micrograph.FOLDERS, ".emi", ".rpl", ".tvips", ".asw", ".xml")
SENT = tuple(suffix for suffix in micrograph.READABLE if suffix not in NOT_SENT)

#: As the table above, inference.options and depths have them: a test holds these to be the same.
Deblur = Literal["wiener", "adam"]
Depth = Literal["float32", "float16", "uint16", "uint12", "uint8"]
Format = Literal["tif", "ome.tif", "hspy", "png", "mrc", "npy", "raw"]
Image = Literal["image", "uncertainty", "guessed"]


def _told(description: str, **limits: Any) -> Any:
    return Query(description=description, **limits)


class Asked(BaseModel):
    """What to do with a scan."""

    model_config = ConfigDict(extra="forbid")

    factor: Annotated[int, _told("every factor-th point a side was scanned", ge=2, le=16)]
    name: Annotated[str | None, _told("of the file sent; its suffix is its format", max_length=255)] = None
    image: Annotated[str | None, _told("of several in it: number, detector or title", max_length=255)] = None
    dtype: Annotated[Depth | None, _told("of raw numbers, little-endian, instead of a file")] = None
    shape: Annotated[str | None, _told("of raw numbers: h,w", pattern=r"^\d{1,6}(,\d{1,6}){1,3}$")] = None
    low: Annotated[float | None, _told("value of the lowest raw number")] = None
    high: Annotated[float | None, _told("value of the highest raw number")] = None
    ensemble: Annotated[bool, _told("mean over 8 flips and rotations, and their spread as uncertainty")] = False
    uncertainty: Annotated[bool, _told("the error to expect of each pixel, and where detail is guessed")] = False
    refine: Annotated[bool, _told("add what the samples say beyond the image")] = False
    keep_known: Annotated[bool, _told("put the scan's samples back exactly")] = False
    keep_outliers: Annotated[bool, _told("take hot and dead samples for what they say")] = False
    deblur: Annotated[Deblur | None, _told("undo the blur that generators are trained with")] = None
    job: Annotated[str | None, _told("made up by the client, for /api/progress", pattern=r"^[\w-]{8,64}$")] = None

    @property
    def options(self) -> Options:
        """How; InputError for what does not go together."""
        return Options(**{field.name: getattr(self, field.name) for field in dataclasses.fields(Options)})

    @property
    def suffix(self) -> str:
        """Of the file that is sent; "" for raw numbers.

        Raises:
            InputError: a name that is no file's that can be sent, or neither a name nor a raw type and shape.
        """
        if self.dtype is not None or self.shape is not None:
            if self.dtype is None or self.shape is None or self.name is not None:
                raise InputError("dtype, shape: expected both of raw numbers and no name, found others")
            return ""
        if self.name is None:
            raise InputError("name: expected the name of the file, or dtype and shape of raw numbers, found none")
        suffix = micrograph.suffix_of(self.name)
        if suffix not in SENT:
            raise InputError(f"name: expected a suffix out of {', '.join(SENT)}, found {shown(self.name)}")
        return suffix

    @property
    def file(self) -> str:
        """The name of the file that was sent, without folders; "" if it has none."""
        return os.path.basename((self.name or "").replace("\\", "/"))

    @property
    def called(self) -> str:
        """What the scan is called in sentences."""
        return shown(self.file) if self.name else "scan"


class Wanted(Asked):
    """What to do with a scan, and how to answer."""

    format: Annotated[Format, _told("of the file that is answered")] = "tif"
    depth: Annotated[Depth, _told("whole numbers stretch from the lowest to the highest value")] = "float32"
    what: Annotated[Image, _told("which of the images that are made")] = "image"


def scan_in(path: str, asked: Asked) -> tuple[Micrograph, list[str], dict[str, Any]]:
    """The scan in the file that was received, which is removed; what is remarked of it; and its source, as it was sent.

    Raises:
        InputError: one sentence, which names the file as its sender does.
    """
    called = asked.called
    try:
        if asked.dtype is not None:
            with open(path, "rb") as file:
                shape = tuple(map(int, (asked.shape or "").split(",")))
                data = received(file.read(), asked.dtype, shape, asked.low, asked.high)
            if 0 in shape:
                raise InputError(f"shape: expected an image [h, w] or a stack of them, found {asked.shape}")
            numbers = {"dtype": asked.dtype, "shape": asked.shape, "low": asked.low, "high": asked.high}
            source = {"sha256": digests.of_file(path), **numbers}
            return Micrograph(data, title="scan"), [], {name: each for name, each in source.items() if each is not None}
        with gathered() as said:
            found = micrograph.read(path, _choice(asked.image))
        source = source_of(found, asked.file, digests.of_file(path))
    except InputError as error:
        raise InputError(str(error).replace(path, called)) from None
    finally:
        _remove(path)
    if found.title == micrograph.stem_of(path):
        found = dataclasses.replace(found, title=micrograph.stem_of(called))
    return found, [sentence.replace(path, called) for sentence in said], source


def _choice(image: str | None) -> str | int | None:
    if image == "all":
        raise InputError("image: expected one of the file's images, found all")
    return int(image) if image is not None and image.isascii() and image.isdecimal() else image


def written(made: Micrograph, form: str, depth: str, folder: str) -> tuple[bytes, dict[str, str]]:
    """An image as a file of that format, and headers that tell of it.

    Raises:
        InputError: the format does not hold it, or not in that depth.
    """
    if depth == "float16" and form not in (RAW, "npy"):
        raise InputError(f"depth: expected another than float16 for {form}, found it")
    numbers, low, high = sent(made.data, depth)
    headers = {"Dlss-Shape": ",".join(map(str, numbers.shape)), "Dlss-Dtype": depth}
    if low is not None and high is not None:
        headers |= {"Dlss-Low": repr(low), "Dlss-High": repr(high)}
        most = DEPTHS[depth][1]
        line = f"values are {low!r} + ({high!r} - {low!r}) * number / {most}"
        provenance = {**made.provenance, "depth": depth} if made.provenance else {}
        made = dataclasses.replace(made, history=(*made.history, line), provenance=provenance)
    if made.pixel_size is not None:
        headers["Dlss-Pixel-Size"] = ",".join(map(repr, made.pixel_size))
        headers["Dlss-Units"] = json.dumps(made.units)
    if form in (RAW, "npy"):  # which hold nothing but numbers
        headers |= _header(made.provenance)
    if form == RAW:
        return numbers.tobytes(), headers
    path = os.path.join(folder, f"{secrets.token_hex(8)}.{form}")
    data = numbers if form != "png" else made.data
    try:
        with gathered():  # of what the format cannot hold: it was asked for
            micrograph.write(path, dataclasses.replace(made, data=data.astype(data.dtype.newbyteorder("="))))
        with open(path, "rb") as file:
            return file.read(), headers
    except InputError as error:
        raise InputError(str(error).replace(path, f"format {form}")) from None
    finally:
        _remove(path)


def _remove(path: str) -> None:
    """If it is there; on Windows it stays until the server ends, if somebody still has it open."""
    with contextlib.suppress(OSError):
        os.remove(path)


def _header(provenance: Mapping[str, Any]) -> dict[str, str]:
    """The header of where an image came from, but for what its source was made of; none if it is not known, or long."""
    found = dict(provenance)
    if isinstance(found.get("source"), Mapping):
        found["source"] = {name: value for name, value in found["source"].items() if name != "provenance"}
    text = json.dumps(found)
    return {"Dlss-Provenance": text} if found and len(text) <= LONGEST_HEADER else {}


def file_name(title: str, what: str, form: str) -> str:
    """For the download of an image: printable, ASCII, and no path."""
    stem = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "-" for each in title).strip("-.")
    return f"{(stem or 'image')[:80]}{'' if what == 'image' else f'-{what}'}.{'bin' if form == RAW else form}"


def described(made: Micrograph) -> dict[str, object]:
    """What is known of an image, in plain values."""
    finite = made.data[np.isfinite(made.data)]
    return {
        "shape": list(made.data.shape),
        "dtype": made.data.dtype.name,
        "pixel_size": made.pixel_size,
        "units": shown(made.units) if made.pixel_size else None,
        "title": shown(made.title),
        "history": [shown(line) for line in made.history],
        "low": float(finite.min()) if finite.size else None,
        "high": float(finite.max()) if finite.size else None,
    }
