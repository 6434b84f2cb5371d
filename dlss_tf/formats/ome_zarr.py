"""What a folder of OME-Zarr says of itself, by its JSON alone: no array of it is opened."""

from __future__ import annotations

import os
from typing import Any

from ..errors import InputError, shown
from . import notes
from .json_file import read_json

SUFFIX = ".zarr"
ATTRIBUTE = "dlss_tf"  # of the group: where its images came from
MOST_BYTES = 1_000_000  # of JSON


def contents(path: str) -> list[str]:
    """A line for each array of a multiscale image: its number, shape and type.

    Raises:
        InputError: it is no OME-Zarr of Zarr's version 2.
    """
    try:
        levels = [str(level["path"]) for level in _json(path, ".zattrs")["multiscales"][0]["datasets"]]
        lines = []
        for number, level in enumerate(levels, 1):
            if level in ("", ".", "..") or "/" in level or os.sep in level:
                raise ValueError(level)
            array = _json(path, os.path.join(level, ".zarray"))
            shape = "x".join(str(int(side)) for side in array["shape"])
            lines.append(shown(f"{number:3}  level {level}  {shape} px, {str(array['dtype']).lstrip('<>|=')[:20]}"))
        return lines
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise InputError(f"{path}: expected OME-Zarr 0.4 (Zarr 2), found something else") from None


def provenance(path: str) -> dict[str, Any]:
    """Where its images came from; {} if that is not known."""
    try:
        return notes.checked(_json(path, ".zattrs").get(ATTRIBUTE))
    except (OSError, ValueError, AttributeError):
        return {}


def _json(path: str, name: str) -> Any:
    """A file of the folder itself, and no link out of it."""
    file = os.path.join(path, name)
    if os.path.realpath(file) != os.path.join(os.path.realpath(path), name) or os.path.getsize(file) > MOST_BYTES:
        raise ValueError(name)
    return read_json(file)
