"""MRC: written by mrcfile; RosettaSciIO reads it (rosetta.py), and what it takes another way is put right here."""

from __future__ import annotations

import os
import struct
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from . import notes, remarks, units
from .guards import needed
from .image import Micrograph, as_type

LABELS, LONGEST_LABEL = 9, 79  # beside the one of mrcfile's own
TEXT, RECORD = b"MRCO", 80  # the kind of extended header that is text, in records of so many bytes
MOST_TEXT = 65520  # bytes of it; RosettaSciIO takes one of 131072 for FEI's
BYTES = {0: 1, 1: 2, 2: 4, 3: 4, 4: 8, 6: 2, 12: 2}  # a pixel, by the mode of a file
IMOD_STAMP = 1146047817  # of a header whose next word says, in its first bit, whether bytes have a sign


def check(path: str) -> None:
    """InputError if the header promises more than there is, which RosettaSciIO would cut into pieces for ever."""
    with open(path, "rb") as file:
        header = file.read(1024)
    if len(header) < 1024:
        raise InputError(f"{path}: expected the 1024 bytes of an MRC header, found {len(header)}")
    columns, rows, sections, mode = struct.unpack_from("<4i", header)
    extended = struct.unpack_from("<i", header, 92)[0]
    announced = 1024 + extended + columns * rows * sections * BYTES.get(mode, 1)
    there = os.path.getsize(path)
    if min(columns, rows, sections, extended + 1) < 1 or announced > there:
        raise InputError(
            f"{path}: expected {columns}x{rows}x{sections} px in {announced} bytes as it says, found {there} bytes"
        )


def corrected(path: str, dataset: dict[str, Any]) -> dict[str, Any]:
    """What RosettaSciIO read, with the sign of bytes and our extended header, and without a size that it makes up."""
    with open(path, "rb") as file:
        header = file.read(1024)
    (mode,) = struct.unpack_from("<i", header, 12)
    if mode == 0:
        dataset["data"] = dataset["data"].view("i1" if _is_signed(header) else "u1")
    _tell(dataset, *notes.of_info(_extended(path, header)))
    intervals = struct.unpack_from("<2i", header, 28)
    if not all(intervals):
        for axis in dataset["axes"]:
            axis["scale"] = 0.0
    return dataset


def _extended(path: str, header: bytes) -> str:
    """The extended header's text, if it has one."""
    (size,) = struct.unpack_from("<i", header, 92)
    if header[104:108] != TEXT or not 0 < size <= MOST_TEXT:
        return ""
    with open(path, "rb") as file:
        file.seek(len(header))
        return file.read(size).decode(errors="replace").rstrip()


def _tell(dataset: dict[str, Any], title: str, history: Sequence[str], provenance: Mapping[str, Any]) -> None:
    """Put these where HyperSpy's files have them, if they are known."""
    if provenance:
        general = dataset["metadata"].setdefault("General", {})
        general |= {"title": title, "notes": "\n".join(notes.lines(history, provenance))}


def _is_signed(header: bytes) -> bool:
    """MRC2014's bytes are signed; IMOD's as it says; older programs' are not, which only their highest value shows."""
    stamp, flags = struct.unpack_from("<2i", header, 152)
    lowest, highest = struct.unpack_from("<2f", header, 76)
    return bool(flags & 1) if stamp == IMOD_STAMP else not (lowest >= 0 and highest > 127)


def write(path: str, micrograph: Micrograph) -> None:
    """An image or a stack [n, h, w], pixel size in Å, title and history as labels; says what it cannot take.

    Where it came from is an extended header, as text, with all of title and history.
    """
    data = as_type(micrograph.data, "i1", "i2", "u2", "f4")
    with needed("mrcfile").new(path, overwrite=True) as file:
        file.set_data(data)
        if data.ndim == 3:
            file.set_image_stack()
        if micrograph.pixel_size and micrograph.units in units.METRES:
            rows, columns = (size * units.METRES[micrograph.units] * 1e10 for size in micrograph.pixel_size)
            file.voxel_size = (columns, rows, 1.0)
        elif micrograph.pixel_size:
            remarks.say(f"MRC has no unit {micrograph.units}; the pixel size is left out")
        for label in _labels(micrograph):
            file.add_label(label)
        if text := _text(micrograph):
            file.set_extended_header(np.frombuffer(text, "V1"))
            file.header.exttyp = TEXT


def _labels(micrograph: Micrograph) -> list[str]:
    """The title and the latest of the notes, and the digests of where it came from, in ASCII."""
    texts = [text for text in (micrograph.title, *micrograph.history, *_digests(micrograph)) if text]
    plain = [text.encode("ascii", "replace").decode() for text in texts]
    lines = [line for text in plain for line in textwrap.wrap(text, LONGEST_LABEL, break_long_words=False)]
    labels = [line[:LONGEST_LABEL] for line in lines]
    if plain != texts or labels != lines or len(lines) > LABELS:
        remarks.say(f"title and notes were shortened to {LABELS} lines of {LONGEST_LABEL} ASCII characters")
    return [*labels[:1], *labels[1:][-(LABELS - 1) :]]


def _digests(micrograph: Micrograph) -> list[str]:
    """A line for the SHA-256 of the generator, and of the source, where they are known."""
    found = {name: micrograph.provenance.get(name) for name in ("generator", "source")}
    return [f"{name} {of['sha256']}" for name, of in found.items() if isinstance(of, Mapping) and "sha256" in of]


def _text(micrograph: Micrograph) -> bytes:
    """For the extended header; nothing if it is not known where it came from, or if that is too long."""
    if not micrograph.provenance:
        return b""
    text = notes.info(micrograph.title, micrograph.history, micrograph.provenance).encode()
    padded = text + b" " * (-len(text) % RECORD)
    if len(padded) > MOST_TEXT:
        remarks.say(f"title, notes and where it came from take more than {MOST_TEXT} bytes; labels have some")
        return b""
    return padded
