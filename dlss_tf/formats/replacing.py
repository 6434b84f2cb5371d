"""Files appear whole or not at all: written beside, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[str]:
    """Where to write what is to be `path`, a file or a folder: a hidden path beside it, of the same suffix.

    It becomes `path` when the block ends, and is removed if the block raises: what was at `path` stays until then, and
    `path` is never half a file. Its name is this write's alone, so that writers of one path do not meet; the last one
    wins.

    Raises:
        OSError: it cannot be renamed.
    """
    path = os.path.normpath(os.fspath(path))
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".{secrets.token_hex(8)}.part{os.path.splitext(name)[1]}")
    try:
        yield beside
        _rename(beside, path)
    finally:
        _remove(beside)


def _rename(beside: str, path: str) -> None:
    """A folder cannot be renamed onto another: the old one gives way first, and comes back if the new one fails."""
    if not (os.path.isdir(beside) and os.path.isdir(path)):
        os.replace(beside, path)
        return
    old = f"{beside}.old"
    os.rename(path, old)
    try:
        os.rename(beside, path)
    except OSError:
        os.rename(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.remove(path)
