"""What came from where: `prepare.jsonl`, a line of JSON a file, and `prepare.json`, how that was and what came of it.

While files are cut, a line is added for each as soon as its crops are on the disk, so that an interrupted run goes on
after it. Once all are split the lines are written anew, each with its split.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...errors import InputError
from ...formats.json_file import read_json
from ...formats.replacing import flush, replacing

VERSION = 1  # of how crops are cut, chosen and split: raise it when that changes, so that no data set mixes two
SUMMARY, LINES, SHEET = "prepare.json", "prepare.jsonl", "sheet.png"

Entry = dict[str, Any]  # of a file: FILE_FIELDS, and its "crops", each with frame, row, column, and name or left_out


class Record:
    """The record of the data set in the folder `root`."""

    def __init__(self, root: str):
        self.root = root
        self.summary_path, self.path = (os.path.join(root, name) for name in (SUMMARY, LINES))

    def settings(self) -> dict[str, Any] | None:
        """What the data set was prepared with; None if there is no record.

        Raises:
            InputError: there is something else.
        """
        if not os.path.lexists(self.summary_path):
            return None
        try:
            found = read_json(self.summary_path)
            return {"version": found["version"], "size": found["size"], "image": found["image"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self.summary_path}: expected a record of dlss-tf prepare, found another") from error

    def summary(self) -> dict[str, Any]:
        """All that `prepare.json` says."""
        return read_json(self.summary_path)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Replace `prepare.json`."""
        with replacing(self.summary_path) as beside, open(beside, "w", encoding="utf-8") as file:
            file.write(json.dumps(summary, indent=2) + "\n")

    def entries(self) -> Iterator[Entry]:
        """Of each file that is recorded, one at a time; a last line that was cut off as it was written is cut away.

        Raises:
            InputError: a line is something else.
        """
        if not os.path.exists(self.path):
            return
        with open(self.path, "rb") as file:
            start = 0
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    entry = json.loads(line)
                    if not isinstance(entry["crops"], list) or not isinstance(entry["specimen"], str):
                        raise ValueError
                except (ValueError, LookupError, TypeError, RecursionError):
                    raise InputError(f"{self.path}: expected a file's record in line {number}, found another") from None
                yield entry
                start += len(line)
            else:
                return
        os.truncate(self.path, start)

    def add(self, entry: Entry) -> None:
        """One more file; on the disk when it returns."""
        with open(self.path, "ab") as file:
            file.write(_line(entry))
        flush(self.path)

    def replace(self, entries: Iterable[Entry]) -> None:
        """All of them anew."""
        with replacing(self.path) as beside, open(beside, "wb") as file:
            file.writelines(map(_line, entries))


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
