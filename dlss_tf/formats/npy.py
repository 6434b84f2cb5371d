"""NumPy's format: the array alone."""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Iterator
from typing import BinaryIO, Literal

import numpy as np

from ..errors import InputError
from . import axes
from .contents import IMAGE, Entry, entry_of
from .image import Micrograph
from .stacks import Stack

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def contents(path: str) -> list[Entry]:
    """The array of a file; as `read`, but that stacks of images stay in it until they are asked for."""
    with open(path, "rb") as file:
        shape, by_columns, dtype = _checked(path, file)
    if by_columns or len(shape) < 3 or shape[-1] < axes.SHORTEST or 0 in shape:
        return [entry_of(read(path))]
    return [Entry(IMAGE, shape, dtype, functools.partial(read, path), stack=functools.partial(_stack, path))]


def read(path: str) -> Micrograph:
    """The array of a file of plain numbers, which holds all that its header promises.

    Raises:
        InputError: colours, or channels, in its last axis.
        ValueError: another kind of file, of values, or a damaged one.
    """
    with open(path, "rb") as file:
        return Micrograph(axes.unnamed(path, _values(file, *_checked(path, file))))


@contextlib.contextmanager
def _stack(path: str) -> Iterator[Stack]:
    with open(path, "rb") as file:
        shape, _, dtype = _checked(path, file)
        begin = file.tell()

        def frames(first: int, last: int) -> np.ndarray:
            file.seek(begin + first * math.prod(shape[-2:]) * dtype.itemsize)
            return _values(file, (last - first, *shape[-2:]), False, dtype)

        yield Stack(shape, dtype, frames)


def _values(file: BinaryIO, shape: tuple[int, ...], by_columns: bool, dtype: np.dtype) -> np.ndarray:
    """An array of what comes next in a file."""
    order: Literal["F", "C"] = "F" if by_columns else "C"
    array = np.empty(shape, dtype, order)
    if array.size and file.readinto(array.reshape(-1, order=order).view(np.uint8)) < array.nbytes:  # type: ignore
        raise ValueError("it became shorter while it was read")
    return array


def _checked(path: str, file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """`_header` of a file of plain numbers that has all that it promises."""
    shape, by_columns, dtype = _header(file)
    if dtype.kind not in "biuf":
        raise InputError(f"{path}: expected a real image, found values of type {dtype}")
    promised, there = math.prod(shape) * dtype.itemsize, os.fstat(file.fileno()).st_size - file.tell()
    if promised > there:
        raise ValueError(f"{promised} bytes of values by its header, {there} in the file")
    return shape, by_columns, dtype


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns follow one another, and type."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"version {version} of the format is not supported")
    return _HEADERS[version](file)


def write(path: str, micrograph: Micrograph) -> None:
    """The array, without what is known about it."""
    np.save(path, micrograph.data)
