"""Of which specimen a file is, as folders say it: what is trained on shares none with what is held out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

from ..data.prepare.cutting import Source
from ..simulation.dataset import SPLITS
from . import inputs

By = Literal["file", "folder"]


def specimens(named: Sequence[str], out: str, by: By | None = None) -> list[Source]:
    """The files that are meant, with names of their specimens; nothing that lies in `out`.

    A folder within a folder that is named is a specimen, with all that is in it; a file in none is one by itself.
    By "file" every file is one, by "folder" every folder that files lie in. Folders called train, val and test within a
    folder that is named are splits, which what is in them keeps.
    """
    return [_source(path, folders, by) for path, folders in inputs.below(named, out)]


def _source(path: str, folders: tuple[str, ...], by: By | None) -> Source:
    split = next((name for name in folders[1:2] if name in SPLITS), None)
    around = 1 if split is None else 2  # folders that are no specimens
    if by == "folder":
        specimen = folders
    elif by == "file" or len(folders) == around:
        specimen = (*folders, os.path.basename(os.path.normpath(path)))
    else:
        specimen = folders[: around + 1]
    return Source(path, "/".join(specimen), split)
