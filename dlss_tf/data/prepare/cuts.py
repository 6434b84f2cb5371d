"""Where crops are cut from images: a grid without overlap, in the middle of each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...errors import InputError

MULTIPLE, LEAST, MOST = 32, 64, 8192  # px a side


class Cut(NamedTuple):
    """Which part of a file's image a crop is: frame of a stack, first row and column, all from 0."""

    frame: int
    row: int
    column: int


def check_size(size: int) -> None:
    """InputError unless crops can be `size` px a side: networks take multiples of 32."""
    if size % MULTIPLE or not LEAST <= size <= MOST:
        raise InputError(f"--size: expected a multiple of {MULTIPLE} px from {LEAST} to {MOST}, found {size}")


def cuts(frame: np.ndarray, size: int, number: int = 0) -> Iterator[tuple[Cut, np.ndarray]]:
    """Crops [size, size] of an image [h, w], the frame of that number of a stack, with where they are; views.

    As many as lie beside and below each other; what is left over is shared between opposite edges. None of an image
    with a shorter side.
    """
    rows, columns = (_starts(side, size) for side in frame.shape)
    for row in rows:
        for column in columns:
            yield Cut(number, row, column), frame[row : row + size, column : column + size]


def _starts(side: int, size: int) -> range:
    return range(side % size // 2, side - size + 1, size)


def digest(crop: np.ndarray) -> str:
    """SHA-256 of a crop's values, rows first, as little-endian float64: the same whatever type and file they lie in."""
    return hashlib.sha256(np.ascontiguousarray(crop, "<f8").tobytes()).hexdigest()


def name_of(stem: str, number: int | None, frames: int, cut: Cut, crop_digest: str) -> str:
    """A crop's file: `STEM-ROW-COLUMN-DIGEST.tif`, with image and frame after the stem if there are several."""
    parts = [re.sub(r"[^\w+.-]+", "_", stem).strip(".")[:80] or "image"]
    parts += [] if number is None else [f"i{number}"]
    parts += [f"f{cut.frame}"] if frames > 1 else []
    return "-".join([*parts, str(cut.row), str(cut.column), crop_digest[:12]]) + ".tif"
