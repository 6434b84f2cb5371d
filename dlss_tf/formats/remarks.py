"""What a reader or writer has to say of a file beside doing its work, such as a pixel size that cannot be true."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from ..errors import collected, warn

_remarks: ContextVar[list[str] | None] = ContextVar("remarks", default=None)


def say(sentence: str) -> None:
    """Warn, of the file that `of` names once that is done, or at once."""
    sentences = _remarks.get()
    if sentences is None:
        warn(sentence, stacklevel=2)
    else:
        sentences.append(sentence)


def gathered() -> contextlib.AbstractContextManager[list[str]]:
    """What is said in it, for whoever asks; the innermost takes it."""
    return collected(_remarks)


@contextlib.contextmanager
def of(path: str) -> Iterator[None]:
    """What is said in it becomes warnings 'path: sentence', each once; none if it raises, which says enough."""
    with gathered() as sentences:
        yield
    for sentence in dict.fromkeys(sentences):
        warn(f"{path}: {sentence}", stacklevel=4)
