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
        cutter = _Cutter(source, folder, size, index, {})
        with contextlib.closing(micrograph.frames(source.path, image)) as frames:
            for about, number, frame in frames:
                if not number:
                    entry["images"].append(_described(about, frame, size))
                entry["crops"] += cutter.cut(about, number, frame)
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


class _Cutter(NamedTuple):
    """What cuts the frames of one file: the crops that were `within` it before, by their digests."""

    source: Source
    folder: str
    size: int
    known: Index
    within: dict[str, Twin]

    def cut(self, image: About, number: int, frame: np.ndarray) -> list[dict[str, Any]]:
        """Write the crops of a frame of an image; what is recorded of each."""
        return [self._kept(image, cut, crop) for cut, crop in cuts.cuts(frame, self.size, number)]

    def _kept(self, image: About, cut: cuts.Cut, crop: np.ndarray) -> dict[str, Any]:
        record: dict[str, Any] = {"image": image.number, **cut._asdict()}
        if reason := worth.left_out(crop):
            return {**record, "left_out": reason}
        record["sha256"] = digest = cuts.digest(crop)
        if twin := self.within.get(digest) or self.known.twin_of(digest):
            return {**record, "left_out": DUPLICATE, "of": twin.name, "like": twin.specimen}
        stem, frames = micrograph.stem_of(self.source.path), math.prod(image.shape[:-2])
        record["name"] = name = cuts.name_of(stem, image.number, frames, cut, digest)
        self.within[digest] = Twin(name, self.source.specimen)
        path = os.path.join(self.folder, name)
        # no metadata: tifffile's holds no date, but nothing of it is needed and its text may change with tifffile
        tifffile.imwrite(path, _plain(crop), metadata=None, software=False)
        flush(path)
        return record


def _plain(crop: np.ndarray) -> np.ndarray:
    """In a type that TIFF has, which is its own but for truth values and what is longer than double precision."""
    if crop.dtype.kind == "b":
        return crop.astype(np.uint8)
    if crop.dtype.kind == "f" and crop.dtype.itemsize > 8:
        return crop.astype(np.float64)
    return crop.astype(crop.dtype.newbyteorder("="), copy=False)
