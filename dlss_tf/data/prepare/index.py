"""What is in a data set already: files, so that each is cut once, and crops, so that none is in it twice."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from ...errors import InputError
from ...formats import digests
from .record import Entry, Record


class Twin(NamedTuple):
    """A crop that is in the data set: its file, and its specimen."""

    name: str
    specimen: str


def state_of(path: str) -> dict[str, int]:
    """A file's length in bytes and time of its last change, ns since 1970: if they are as they were, so is the file."""
    status = os.stat(path)
    return {"bytes": status.st_size, "modified_ns": status.st_mtime_ns}


class Index:
    """Of a record's entries, as they are added.

    Attributes:
        specimens: names of all that files are of.
        files: how many files there are.
    """

    def __init__(self, record: Record):
        self.specimens: set[str] = set()
        self.files = 0
        self._by_path: dict[str, tuple[dict[str, int], str]] = {}
        self._by_sha256: dict[str, tuple[str, str]] = {}
        self._crops: dict[bytes, Twin] = {}
        for entry in record.entries():
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """One more file."""
        self.files += 1
        self.specimens.add(entry["specimen"])
        state = {name: entry[name] for name in ("bytes", "modified_ns")}
        self._by_path[os.path.abspath(entry["file"])] = state, entry["sha256"]
        self._by_sha256.setdefault(entry["sha256"], (entry["file"], entry["specimen"]))
        for crop in entry["crops"]:
            if "name" in crop:
                self._crops[bytes.fromhex(crop["sha256"])] = Twin(crop["name"], entry["specimen"])

    def holds(self, path: str, root: str) -> bool:
        """Whether a file is there by its path.

        Raises:
            InputError: it has changed since.
        """
        found = self._by_path.get(os.path.abspath(path))
        if found is None:
            return False
        state, sha256 = found
        with contextlib.suppress(OSError):  # it cannot be read, and what was read of it is there
            if state_of(path) != state and digests.of_file(path) != sha256:
                raise InputError(
                    f"{path}: expected the file that {root} was prepared from, found that it has changed since; "
                    "--overwrite prepares all anew, another --out leaves that as it is"
                )
        return True

    def copy_of(self, sha256: str | None) -> tuple[str, str] | None:
        """A file of the same bytes, and its specimen."""
        return self._by_sha256.get(sha256 or "")

    def twin_of(self, crop_sha256: str) -> Twin | None:
        """A crop of the same values."""
        return self._crops.get(bytes.fromhex(crop_sha256))
