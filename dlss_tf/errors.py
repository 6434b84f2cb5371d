"""The one exception that a user's mistake raises, what any other says, and warnings: in lines that can be shown."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from contextvars import ContextVar

_gathered: ContextVar[list[str] | None] = ContextVar("gathered", default=None)


def shown(text: object) -> str:
    r"""In one line that does nothing to a terminal, whatever a file is called or says: escape characters as \x1b."""
    line = str(text)
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)


def warn(sentence: str, stacklevel: int = 1) -> None:
    """A warning, as `shown`, of who calls this, or of who called that; if they are `gathered`, one of those."""
    sentences = _gathered.get()
    if sentences is None:
        warnings.warn(shown(sentence), stacklevel=stacklevel + 1)
    else:
        sentences.append(shown(sentence))


@contextlib.contextmanager
def collected(variable: ContextVar[list[str] | None]) -> Iterator[list[str]]:
    """A list that is the variable's value in it, in this thread alone."""
    sentences: list[str] = []
    token = variable.set(sentences)
    try:
        yield sentences
    finally:
        variable.reset(token)


def gathered() -> contextlib.AbstractContextManager[list[str]]:
    """What is warned of in it, in this thread alone, for whoever asks; nobody else is warned then."""
    return collected(_gathered)


class InputError(ValueError):
    """Bad input: one sentence that names the file or argument, what was expected and what was found.

    The command line prints it without a traceback and exits with a status of `cli.exits`.
    """

    def __init__(self, sentence: object = ""):
        super().__init__(shown(sentence))


class TrainingStopped(RuntimeError):
    """Training cannot go on: one sentence that says why, and which checkpoint is the last good one."""


def reason(error: BaseException) -> str:
    """The first line of what an exception says, after its name unless it is the operating system's; never empty."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).strip()
    return shown(f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__)


def sentence(source: object, error: BaseException) -> str:
    """What an exception of any kind comes to: an InputError's own sentence, or one like it that names `source`."""
    return (
        str(error) if isinstance(error, InputError) else shown(f"{source}: expected to be done, found {reason(error)}")
    )
