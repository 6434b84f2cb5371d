"""Files appear whole or not at all, and together: written beside, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[str]:
    """`replacing_all` for one path."""
    with replacing_all([path]) as (beside,):
        yield beside


@contextlib.contextmanager
def replacing_all(paths: Sequence[str | os.PathLike[str]], overwrite: bool = True) -> Iterator[list[str]]:
    """Where to write what is to be `paths`, files or folders: hidden paths beside them, of the same suffixes.

    They become `paths` together when the block ends, and are removed if the block raises or one of them cannot be
    renamed: what was at `paths` stays until then, and none of them is ever half a file. Their names are this write's
    alone, so that writers of one path do not meet; the last one wins, or without `overwrite` the first.

    Raises:
        OSError: one cannot be renamed, or without `overwrite` is there; `filename` is its path.
    """
    moves = []
    for path in (os.path.normpath(os.fspath(each)) for each in paths):
        folder, name = os.path.split(path)
        moves.append((os.path.join(folder, f".{secrets.token_hex(8)}.part{os.path.splitext(name)[1]}"), path))
    try:
        yield [beside for beside, _ in moves]
        for _, path in moves:
            if not overwrite and os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        _move_in(moves)
    finally:
        for beside, _ in moves:
            _remove(beside)


def _move_in(moves: list[tuple[str, str]]) -> None:
    """Rename each first path to the second, or none: what was there is kept until the last is in place."""
    changed: list[tuple[str, str | None]] = []  # paths, and where what was there is kept
    try:
        for beside, path in moves:
            former = _keep(beside, path, alone=len(moves) == 1)
            changed += [(path, former)] if former else []
            folder = former is not None and os.path.isdir(former)
            (os.rename if folder else os.replace)(beside, path)
            changed += [] if former else [(path, None)]
    except BaseException as error:
        for where, former in reversed(changed):
            _put_back(former, where)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, path) from error
        raise
    for _, former in changed:
        if former:
            _remove(former)


def _keep(beside: str, path: str, alone: bool) -> str | None:
    """Where what is at `path` is kept while `beside` takes its place; None if nothing need be.

    A folder cannot be renamed onto another, so it gives way; a file stays where it is, and gets a second name.
    """
    former = f"{beside}.old"
    if os.path.isdir(beside) and os.path.isdir(path):
        os.rename(path, former)
        return former
    if alone or not os.path.lexists(path) or os.path.isdir(path):
        return None
    try:
        os.link(path, former, follow_symlinks=False)
    except OSError:  # a file system without second names
        os.rename(path, former)
    return former


def _put_back(former: str | None, path: str) -> None:
    """As it was before `_keep`."""
    if former is None:
        _remove(path)
        return
    with contextlib.suppress(OSError):
        if os.path.isdir(former):
            os.rename(former, path)
        else:
            os.replace(former, path)
            os.remove(former)  # if both names are one file's, they both stay


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.remove(path)
