"""HDF5 files that a reader has opened are closed: RosettaSciIO keeps some open for as long as the process lives."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

_lock = threading.Lock()
_readers: dict[str, tuple[int, list[int]]] = {}  # how many there are of a file, and its handles before the first


@contextlib.contextmanager
def closed(path: str) -> Iterator[None]:
    """What is opened of an HDF5 file within it is closed at its end, when no other thread is within it, too.

    Arrays that are left on disk until then cannot be read any more. Handles that were open before stay open.
    """
    path = os.path.realpath(path)
    with _lock:
        count, before = _readers.get(path, (0, None))
        _readers[path] = count + 1, [each.id for each in _handles(path)] if before is None else before
    try:
        yield
    finally:
        with _lock:
            count, before = _readers.pop(path)
            if count > 1:
                _readers[path] = count - 1, before
            else:
                _close([handle for handle in _handles(path) if handle.id not in before])


def _handles(path: str) -> list[Any]:
    """Of what h5py has open, files and what is in them, all that lies in the file at the path."""
    h5py = sys.modules.get("h5py")
    if h5py is None:
        return []
    h5f = h5py.h5f
    found = h5f.get_obj_ids(types=h5f.OBJ_FILE | h5f.OBJ_GROUP | h5f.OBJ_DATASET | h5f.OBJ_ATTR)
    return [each for each in found if _path(each) == path]


def _path(handle: Any) -> str:
    """Of the file; "" if another thread has just closed it."""
    try:
        return os.path.realpath(os.fsdecode(sys.modules["h5py"].h5f.get_name(handle)))
    except Exception:  # of HDF5's many
        return ""


def _close(handles: list[Any]) -> None:
    """With all that was opened by way of the same file's."""
    h5py = sys.modules.get("h5py")
    for each in handles:
        with contextlib.suppress(Exception):  # of a damaged file
            if each.valid:
                h5py.File(h5py.h5i.get_file_id(each)).close()
