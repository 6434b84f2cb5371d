"""NumPy's format: the array alone."""

from __future__ import annotations

import math
import os
from typing import BinaryIO, Literal

import numpy as np

from ..errors import InputError
from . import axes
from .image import Micrograph

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read(path: str) -> Micrograph:
    """The array of a file of plain numbers, which holds all that its header promises.

    Raises:
        InputError: colours, or channels, in its last axis.
        ValueError: another kind of file, of values, or a damaged one.
    """
    with open(path, "rb") as file:
        shape, by_columns, dtype = _header(file)
        if dtype.kind not in "biuf":
            raise InputError(f"{path}: expected a real image, found values of type {dtype}")
        promised, there = math.prod(shape) * dtype.itemsize, os.fstat(file.fileno()).st_size - file.tell()
        if promised > there:
            raise ValueError(f"{promised} bytes of values by its header, {there} in the file")
        order: Literal["F", "C"] = "F" if by_columns else "C"
        array = np.empty(shape, dtype, order)
        if array.size and file.readinto(array.reshape(-1, order=order).view(np.uint8)) < promised:  # type: ignore
            raise ValueError("it became shorter while it was read")
    return Micrograph(axes.unnamed(path, array))


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns follow one another, and type."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"version {version} of the format is not supported")
    return _HEADERS[version](file)


def write(path: str, micrograph: Micrograph) -> None:
    """The array, without what is known about it."""
    np.save(path, micrograph.data)
