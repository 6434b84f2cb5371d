"""The process that opens files: `processes` starts it, asks it of one file after another, and ends it.

Its limits are in `limits`. Whatever libraries or files print goes nowhere.
"""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from ..errors import InputError
from . import confined, limits, python_process, readers, reasons, wire

STACK = 2**20  # bytes a thread: those of a pool on a large machine are not to be the memory that a file may take


def main(life: str = "-1", suffixes: str = "") -> None:
    """Answer until no more is asked or the pipe `life` is closed at its other end; prepared for files of `suffixes`."""
    questions, answers = python_process.begin(life)
    threading.stack_size(STACK)
    confined.begin()
    for suffix in filter(None, suffixes.split(",")):
        readers.warm(suffix)
    wire.send(answers, "ready")
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            for answer in _answers(**wire.receive(questions)):
                wire.send(answers, answer)
            gc.collect()  # closes what readers left open
            gc.freeze()  # what is left is imported: looking through it takes longer than a file


def _answers(prepare: str = "", folder: str = "", **asked: Any) -> Iterator[dict[str, Any]]:
    """What `readers.answers` gives; of an InputError its sentence, of a lack of memory how much there was."""
    if prepare:
        readers.warm(prepare)
        yield {}
        return
    path, suffix, size = asked["path"], asked["suffix"], 0
    try:
        os.chdir(folder)
        size = readers.bytes_there(path, suffix)
        with limits.held_to(size):
            yield from readers.answers(**asked)
    except InputError as error:
        yield {"error": str(error)}
    except MemoryError:
        yield {"error": str(reasons.too_large(path, limits.memory(size)))}
    except Exception as error:  # the file has gone
        yield {"error": str(reasons.refusal(path, suffix, error))}
    finally:
        os.chdir(tempfile.gettempdir())  # or a drive could not be taken out
