"""Result files: JSON with where its numbers come from, and what stands beside it."""

from __future__ import annotations

import contextlib
import csv
import datetime
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .. import weights
from ..data.files import digest_of_files
from ..errors import InputError
from ..formats.replacing import replacing
from ..software import revision, version_of


def provenance(data: Sequence[str], split: str, size: int) -> dict:
    """Data, code and software that a result depends on, beside weights and config."""
    return {"data": list(data), "split": split, "size": size, **software()}


def software() -> dict:
    """Code and software that a result depends on, and its date."""
    return {
        "git_revision": revision(),
        **{name: version for name in ("tensorflow", "onnxruntime") if (version := version_of(name))},
        "date": datetime.date.today().isoformat(),
    }


def identity(weights_or_name: str | None, files: Sequence[str], size: int, **more: Any) -> dict[str, Any]:
    """What values measured on files depend on: the generator's weights, the files, the size, and what else is named."""
    return {"weights": weights.digest(weights_or_name), "files": digest_of_files(files), "size": size, **more}


def write_json(path: str, report: dict) -> None:
    """Beside, then renamed."""
    with replacing(path) as beside, open(beside, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)


def write_csv(path: str, rows: Iterable[Sequence[Any]]) -> None:
    """Beside, then renamed; the header is the first row."""
    with replacing(path) as beside, open(beside, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@contextlib.contextmanager
def results_folder(results: str) -> Iterator[None]:
    """Make the folder; what cannot be written into it becomes an InputError."""
    try:
        os.makedirs(results, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(f"results {results}: expected a folder that can be written, found: {error.strerror}") from None
