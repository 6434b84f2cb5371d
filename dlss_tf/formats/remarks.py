"""What a reader or writer has to say of a file beside doing its work, such as a pixel size that cannot be true."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from contextvars import ContextVar

_remarks: ContextVar[list[str] | None] = ContextVar("remarks", default=None)


def say(sentence: str) -> None:
    """Warn, of the file that `of` names once that is done, or at once."""
    gathered = _remarks.get()
    if gathered is None:
        warnings.warn(sentence, stacklevel=2)
    else:
        gathered.append(sentence)


@contextlib.contextmanager
def of(path: str) -> Iterator[None]:
    """What is said in it becomes warnings 'path: sentence', each once; none if it raises, which says enough."""
    gathered: list[str] = []
    token = _remarks.set(gathered)
    try:
        yield
    finally:
        _remarks.reset(token)
    for sentence in dict.fromkeys(gathered):
        warnings.warn(f"{path}: {sentence}", stacklevel=4)
