"""NumPy's format: the array alone."""

from __future__ import annotations

import numpy as np

from . import axes
from .image import Micrograph


def read(path: str) -> Micrograph:
    """The array of a file that holds no pickle; InputError for colours, or channels, in its last axis."""
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)  # a header that lies fails here, not in memory
    return Micrograph(axes.unnamed(path, np.array(mapped)))


def write(path: str, micrograph: Micrograph) -> None:
    """The array, without what is known about it."""
    np.save(path, micrograph.data)
