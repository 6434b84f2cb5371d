"""Plain values and arrays through a pipe: a JSON header, then the arrays' bytes. What comes in can do nothing else."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

MOST_HEADER = 2**28  # bytes
_LENGTH = struct.Struct("<Q")
_KINDS = "biufcSUmM"  # of arrays that are sent as their bytes


class Unreadable(ValueError):
    """What came in is no message."""


class TooMuch(MemoryError):
    """More came in than was to be expected."""


def send(stream: BinaryIO, value: Any) -> None:
    """One message into an unbuffered stream: plain values, arrays, and lists, tuples and mappings of those.

    Anything else becomes text.
    """
    arrays: list[np.ndarray] = []
    header = json.dumps(_packed(value, arrays)).encode()
    _write(stream, memoryview(_LENGTH.pack(len(header)) + header))
    for array in arrays:
        if array.nbytes:
            _write(stream, array.reshape(-1).view(np.uint8).data)


def receive(stream: BinaryIO, most: int = MOST_HEADER) -> Any:
    """The next message.

    Raises:
        EOFError: there is none, or its end is missing.
        Unreadable: it is no message.
        TooMuch: its arrays have more than `most` bytes, or its header more than any has.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > MOST_HEADER:
        raise TooMuch(f"{length} bytes of header")
    header = _exactly(stream, length)
    try:
        return _Message(stream, most).value(json.loads(header))
    except (EOFError, TooMuch):
        raise
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError) as error:
        raise Unreadable(str(error)) from None


def _packed(value: Any, arrays: list[np.ndarray]) -> Any:
    """A value of JSON; every list of it begins with the kind of what follows."""
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return ["d", [[_packed(key, arrays), _packed(each, arrays)] for key, each in value.items()]]
    if isinstance(value, (list, tuple)):
        return ["l" if isinstance(value, list) else "t", [_packed(each, arrays) for each in value]]
    if isinstance(value, (bytes, bytearray)):
        return ["b", base64.b64encode(value).decode()]
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind not in _KINDS:
            return _packed(array.tolist(), arrays) if array.dtype.kind in "OV" else str(value)
        arrays.append(np.ascontiguousarray(array))
        return ["a" if isinstance(value, np.ndarray) else "s", array.dtype.str, list(array.shape)]
    return str(value)


class _Message:
    """Takes values out of a header and arrays off the stream, in the order in which they were put there."""

    def __init__(self, stream: BinaryIO, most: int):
        self._stream, self._left = stream, most

    def value(self, packed: Any) -> Any:
        if not isinstance(packed, list):
            return packed
        kind, *rest = packed
        if kind == "d":
            return {self.value(key): self.value(each) for key, each in rest[0]}
        if kind == "l":
            return [self.value(each) for each in rest[0]]
        if kind == "t":
            return tuple(self.value(each) for each in rest[0])
        if kind == "b":
            return base64.b64decode(rest[0])
        if kind not in ("a", "s"):
            raise ValueError(f"kind {kind}")
        array = self._array(np.dtype(str(rest[0])), [int(side) for side in rest[1]])
        return array if kind == "a" else array[()]

    def _array(self, dtype: np.dtype, shape: list[int]) -> np.ndarray:
        size = dtype.itemsize
        for side in shape:
            size *= side
        if dtype.kind not in _KINDS or min(shape, default=0) < 0:
            raise ValueError(f"an array {shape} of {dtype}")
        self._left -= size
        if self._left < 0:
            raise TooMuch(f"{size} bytes")
        array = np.empty(shape, dtype)
        if size:
            _fill(self._stream, array.reshape(-1).view(np.uint8).data)
        return array


def _exactly(stream: BinaryIO, count: int) -> bytearray:
    content = bytearray(count)
    _fill(stream, memoryview(content))
    return content


def _fill(stream: BinaryIO, view: memoryview) -> None:
    while len(view):
        count = stream.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        view = view[count:]


def _write(stream: BinaryIO, view: memoryview) -> None:
    while len(view):
        view = view[stream.write(view) :]
