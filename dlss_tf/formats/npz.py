"""NumPy's archives of arrays by name, written so that a full disk is one error and no word more."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np


def write(file: str | BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    """The bytes of `numpy.savez`, which leaves the archive open if it fails: its destructor then prints a traceback.

    Raises:
        OSError: there is no room for it.
        ValueError: an array holds objects.
    """
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
