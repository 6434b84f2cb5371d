"""NumPy's format: the array alone."""

from __future__ import annotations

import numpy as np

from .image import Micrograph


def read(path: str) -> Micrograph:
    """The array of a file that holds no pickle."""
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)  # a header that lies fails here, not in memory
    return Micrograph(np.array(mapped))


def write(path: str, micrograph: Micrograph) -> list[str]:
    """The array, without what is known about it."""
    np.save(path, micrograph.data)
    return []
