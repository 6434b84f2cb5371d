"""The process that opens files: `processes` starts it, asks it of one file after another, and ends it.

Its limits are in `limits`. Whatever libraries or files print goes nowhere.
"""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
import threading
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
            wire.send(answers, _answer(**wire.receive(questions)))
            gc.collect()  # closes what readers left open
            gc.freeze()  # what is left is imported: looking through it takes longer than a file


def _answer(prepare: str = "", folder: str = "", **asked: Any) -> dict[str, Any]:
    """What `readers.answer` gives; of an InputError its sentence, of a lack of memory how much there was."""
    if prepare:
        readers.warm(prepare)
        return {}
    path, suffix, size = asked["path"], asked["suffix"], 0
    try:
        os.chdir(folder)
        size = readers.bytes_there(path, suffix)
        with limits.held_to(size):
            return readers.answer(**asked)
    except InputError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": str(reasons.too_large(path, limits.memory(size)))}
    except Exception as error:  # the file has gone
        return {"error": str(reasons.refusal(path, suffix, error))}
    finally:
        os.chdir(tempfile.gettempdir())  # or a drive could not be taken out
