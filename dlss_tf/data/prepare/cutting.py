"""One file cut into crops, which lie in a folder of their own until they are split, and what is recorded of it."""

from __future__ import annotations

import contextlib
import math
import os
from typing import Any, NamedTuple

import numpy as np
import tifffile

from ... import micrograph
from ...formats import digests
from ...formats.contents import Choice
from ...formats.replacing import flush, flush_folder
from ...formats.stacks import About
from . import cuts, looks, worth
from .index import Index, Twin, state_of
from .record import Entry

SMALL, COPY, DUPLICATE = "small", "copy", "duplicate"  # why a file, or a crop, is left out, beside `worth`'s reasons


class Source(NamedTuple):
    """A file to prepare, the specimen that it is of, and its split if that is given."""

    path: str
    specimen: str
    split: str | None = None


def cut_file(source: Source, folder: str, size: int, image: Choice, index: Index) -> Entry:
    """Write a file's crops into `folder`, each a TIFF of its own type and values; what is to be recorded.

    One frame is in memory at a time, where `micrograph.frames` can do so.

    That is "file", "sha256" of its bytes, "bytes", "modified_ns", "specimen", "split" (null until known), "images",
    each with its number if there are several, shape, type, pixel size and, if it is large enough, what its first frame
    `looks` like; and "crops", each with image, frame, row, column, sha256 of its values, and name, or "left_out", the
    reason, and the name that it is a duplicate "of". "like" are other specimens that have the same crop or file. A file
    of the same bytes as another is "left_out" as a "copy" "of" that and not read; one whose images are all smaller than
    crops as "small".

    Raises:
        InputError: one sentence that names the file, which cannot be read.
    """
    micrograph.check_there(source.path)
    entry: Entry = {"file": source.path, "sha256": None, **state_of(source.path)}
    entry |= {"specimen": source.specimen, "split": source.split, "images": [], "crops": []}
    with digests.beside(source.path) as digest:
        if copied := index.copy_of(digest()):
            file, specimen = copied
            return {**entry, "sha256": digest(), "left_out": COPY, "of": file, "like": [specimen]}
        within: dict[str, Twin] = {}
        with contextlib.closing(micrograph.frames(source.path, image)) as frames:
            for about, number, frame in frames:
                if not number:
                    entry["images"].append(_described(about, frame, size))
                entry["crops"] += _cut(about, number, frame, source, folder, size, index, within)
        entry["sha256"] = digest()
    if not entry["crops"]:
        entry["left_out"] = SMALL
    like = {crop.pop("like") for crop in entry["crops"] if "like" in crop} - {source.specimen}
    if like:
        entry["like"] = sorted(like)
    flush_folder(folder)
    return entry


def _described(image: About, first: np.ndarray, size: int) -> dict[str, Any]:
    """What is recorded of an image, or a stack of them, by what is known and its first frame."""
    pixel = image.pixel_size
    found: dict[str, Any] = {"number": image.number, "shape": list(image.shape), "dtype": image.dtype.name}
    found |= {"pixel_size": list(pixel) if pixel else None, "units": image.units if pixel else None}
    if min(first.shape) >= size:
        found["looks"] = looks.looks(first)
    return found


def _cut(
    image: About,
    number: int,
    frame: np.ndarray,
    source: Source,
    folder: str,
    size: int,
    index: Index,
    within: dict[str, Twin],
) -> list[dict[str, Any]]:
    """Crops of a frame of an image; `within` are those of the same file by their digests."""
    frames = math.prod(image.shape[:-2])
    stem, records = micrograph.stem_of(source.path), []
    for cut, crop in cuts.cuts(frame, size, number):
        record: dict[str, Any] = {"image": image.number, **cut._asdict()}
        records.append(record)
        if reason := worth.left_out(crop):
            record["left_out"] = reason
            continue
        record["sha256"] = digest = cuts.digest(crop)
        if twin := within.get(digest) or index.twin_of(digest):
            record |= {"left_out": DUPLICATE, "of": twin.name, "like": twin.specimen}
            continue
        record["name"] = cuts.name_of(stem, image.number, frames, cut, digest)
        within[digest] = Twin(record["name"], source.specimen)
        path = os.path.join(folder, record["name"])
        # no metadata: tifffile's holds no date, but nothing of it is needed and its text may change with tifffile
        tifffile.imwrite(path, _plain(crop), metadata=None, software=False)
        flush(path)
    return records


def _plain(crop: np.ndarray) -> np.ndarray:
    """In a type that TIFF has, which is its own but for truth values and what is longer than double precision."""
    if crop.dtype.kind == "b":
        return crop.astype(np.uint8)
    if crop.dtype.kind == "f" and crop.dtype.itemsize > 8:
        return crop.astype(np.float64)
    return crop.astype(crop.dtype.newbyteorder("="), copy=False)
