"""Stacks of images that stay in their file, of which a few frames are read at a time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

PART = 2**24  # bytes that are read at once, or one frame


class About(NamedTuple):
    """What is known of an image, or a stack of images, whose frames come one by one."""

    number: int | None  # this and the others are a Micrograph's
    shape: tuple[int, ...]  # [..., h, w]
    dtype: np.dtype
    pixel_size: tuple[float, float] | None
    units: str


@dataclasses.dataclass(frozen=True)
class Stack:
    """A stack of images in a file that is open."""

    shape: tuple[int, ...]  # [..., h, w]
    dtype: np.dtype
    read: Callable[[int, int], np.ndarray]  # frames [n, h, w] from one up to another, all axes before h and w as one
    together: int = 2**62  # frames that the file has in one piece, which is read whole

    @property
    def frames(self) -> int:
        """How many there are."""
        return math.prod(self.shape[:-2])

    def parts(self, frame: int | None = None) -> Iterator[np.ndarray]:
        """All frames in order, or the one of that number from 0, as parts [n, h, w] of PART bytes or a frame."""
        first, last = (0, self.frames) if frame is None else (frame, frame + 1)
        step = max(1, min(self.together, PART // (math.prod(self.shape[-2:]) * self.dtype.itemsize)))
        for start in range(first, last, step):
            yield self.read(start, min(start + step, last))


def of_array(data: np.ndarray) -> Stack:
    """A stack [..., h, w], or an image, that is in memory."""
    flat = data.reshape(-1, *data.shape[-2:])
    return Stack(data.shape, data.dtype, lambda first, last: flat[first:last])
