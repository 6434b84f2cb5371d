"""Bit depths of images on the wire: values between a low and a high one, in fewer bytes (Table 3)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import InputError

#: Type in which each is sent, and the number that means the highest value; None: numbers are values themselves.
DEPTHS: dict[str, tuple[np.dtype, int | None]] = {
    "float32": (np.dtype("<f4"), None),
    "float16": (np.dtype("<f2"), 1),
    "uint16": (np.dtype("<u2"), 65535),
    "uint12": (np.dtype("<u2"), 4095),
    "uint8": (np.dtype("u1"), 255),
}


class Sent(NamedTuple):
    """An image in a bit depth: values are low + (high - low) * numbers / most; None where they are values."""

    numbers: np.ndarray
    low: float | None
    high: float | None


def sent(image: np.ndarray, depth: str) -> Sent:
    """An image [..., h, w] in a depth of `DEPTHS`, from its lowest finite value to its highest."""
    dtype, most = DEPTHS[depth]
    if most is None:
        with np.errstate(over="ignore"):
            return Sent(image.astype(dtype), None, None)
    finite = image[np.isfinite(image)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    unit = (image.astype(np.float64) - low) / ((high - low) or 1.0)
    numbers = unit if dtype.kind == "f" else np.rint(np.clip(np.nan_to_num(unit), 0, 1) * most)
    return Sent(numbers.astype(dtype), low, high)


def received(data: bytes, depth: str, shape: tuple[int, ...], low: float | None, high: float | None) -> np.ndarray:
    """The image whose numbers were sent as these bytes, little-endian; their own type where no range is given.

    Raises:
        InputError: there are not as many bytes as the shape needs, or a range has one end.
    """
    dtype, most = DEPTHS[depth]
    expected = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if len(data) != expected:
        raise InputError(f"body: expected {expected} bytes for {list(shape)} of {depth}, found {len(data)}")
    numbers = np.frombuffer(data, dtype).reshape(shape)
    if low is None and high is None:
        return numbers
    if low is None or high is None or not np.isfinite([low, high]).all():
        raise InputError(f"low, high: expected both ends of the range, found {low} and {high}")
    return (low + (high - low) * (numbers.astype(np.float64) / (most or 1))).astype(np.float32)
