"""Asks what reads a file, in this process or in one of its own; of whatever happens there comes one sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ..errors import InputError
from . import limits, processes, readers, reasons

LONGEST_READ = 60.0  # s, and one more a megabyte, for which an answer is waited; `limits` has those of work and memory


def answers(here: bool, **asked: Any) -> Iterator[dict[str, Any]]:
    """What `readers.answers` to "question", "path", "suffix", "stem" and "image", in this process if it is `here`.

    Raises:
        InputError: one sentence that names the file.
        OSError: it has gone meanwhile, or the current folder has.
    """
    try:
        yield from (readers.answers if here else _elsewhere)(**asked)
    except MemoryError:
        raise reasons.too_large(asked["path"]) from None


def _elsewhere(path: str, suffix: str, **asked: Any) -> Iterator[dict[str, Any]]:
    size = readers.bytes_there(path, suffix)
    asked |= {"path": path, "suffix": suffix, "folder": os.getcwd()}
    try:
        for answer in processes.answers(asked, suffix, LONGEST_READ + size / 1e6, limits.memory(size)):
            if "error" in answer:
                raise InputError(answer["error"])
            yield answer
    except processes.Ended as ended:
        if ended.memory:
            raise reasons.too_large(path, limits.memory(size)) from None
        if ended.start:
            raise InputError(f"{path}: expected a process that reads it, found that {ended}") from None
        raise InputError(f"{path}: expected a {suffix} image, found a damaged file ({ended})") from None
