"""Files appear whole or not at all, and together: written beside, then renamed.

What appears survives a loss of power: file and folder are flushed to the disk (fsync) before and after the renaming.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence

from . import locks

_BESIDE = re.compile(r"(\.[0-9a-f]{16})\.part(\.\w*)?")  # what is written beside; its lock file is `\1.lock`
_LOCK = re.compile(r"\.[0-9a-f]{16}\.lock")
_TOGETHER = ".together"  # what is locked while several files are moved into a folder
WINDOWS = os.name == "nt"  # which renames no file that anybody has open
PATIENCE = 2.0  # s there: scanners for viruses and indexes let go of new files soon
_WAIT = 0.05  # s between tries


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], overwrite: bool = True) -> Iterator[str]:
    """`replacing_all` for one path."""
    with replacing_all([path], overwrite) as (beside,):
        yield beside


@contextlib.contextmanager
def replacing_all(
    paths: Sequence[str | os.PathLike[str]], overwrite: bool | Collection[str] = True
) -> Iterator[list[str]]:
    """Where to write what is to be `paths`, files or folders: hidden paths beside them, of the same suffixes.

    They become `paths` together when the block ends, and are removed if the block raises or one of them cannot be
    renamed: what was at `paths` stays until then, and none of them is ever half a file. Their names are this write's
    alone, so that writers of one path do not meet; the last one wins, or without `overwrite` the first. What a killed
    writer leaves `clear` removes. `overwrite` may also be those of `paths` alone that may be replaced.

    Raises:
        OSError: one cannot be renamed, or without `overwrite` is there; `filename` is its path.
    """
    with contextlib.ExitStack() as held:
        moves = []
        for path in (os.path.normpath(os.fspath(each)) for each in paths):
            folder, name = os.path.split(path)
            beside = os.path.join(folder, f".{os.urandom(8).hex()}")
            held.enter_context(locks.held(f"{beside}.lock", wait=True))
            moves.append((f"{beside}.part{os.path.splitext(name)[1]}", path))
        try:
            yield [beside for beside, _ in moves]
            folder = os.path.dirname(moves[0][1]) if moves else ""
            if len(moves) > 1:  # so that no other set mixes with this one
                held.enter_context(locks.of(os.path.join(folder, _TOGETHER), wait=True))
            replaced = [path for _, path in moves] if overwrite is True else overwrite or ()
            _move_in(moves, {os.path.normpath(path) for path in replaced})
            for folder in dict.fromkeys(os.path.dirname(path) for _, path in moves):
                flush_folder(folder)
        finally:
            for beside, _ in moves:
                _remove(beside)


def clear(folder: str) -> None:
    """Remove what killed writers left beside files of `folder`, but nothing that may have a writer yet."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        beside = _BESIDE.fullmatch(name)
        if beside or _LOCK.fullmatch(name):
            lock = f"{beside[1]}.lock" if beside else name
            with locks.abandoned(os.path.join(folder, lock)) as free:
                path = os.path.join(folder, name)
                if free and beside and not os.path.lexists(f"{path}.old"):  # killed between two renames: all is kept
                    _remove(path)


def flush(path: str) -> None:
    """Have a file, or a folder with all that is in it, on the disk before it goes on."""
    if os.path.isdir(path):
        for folder, _, names in os.walk(path):
            for name in names:
                _fsync(os.path.join(folder, name), os.O_RDWR)
            flush_folder(folder)
    else:
        _fsync(path, os.O_RDWR)


def flush_folder(folder: str) -> None:
    """Have the names in a folder on the disk; Windows has no such call."""
    if not WINDOWS:
        _fsync(folder or ".", os.O_RDONLY)


def _fsync(path: str, flags: int) -> None:
    try:
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except PermissionError:  # written by someone who then made it read-only
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):  # a file system that has none
            raise
    finally:
        os.close(descriptor)


def _move_in(moves: list[tuple[str, str]], replaced: Collection[str]) -> None:
    """Rename each first path to the second, or none: what was there is kept until the last is in place.

    At a path that is not among those `replaced`, nothing may be.
    """
    changed: list[tuple[str, str | None]] = []  # paths, and where what was there is kept
    try:
        for move in moves:
            beside, path = move
            flush(beside)
        for beside, path in moves:
            if path not in replaced:
                _move_where_nothing_is(beside, path)
                changed.append((path, None))
                continue
            former = _keep(beside, path, alone=len(moves) == 1)
            changed += [(path, former)] if former else []
            folder = former is not None and os.path.isdir(former)
            _renamed(os.rename if folder else os.replace, beside, path)
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


def _renamed(rename: Callable[[str, str], None], source: str, target: str) -> None:
    """Rename; on Windows wait for who has either open, for `PATIENCE` at most."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return rename(source, target)
        except PermissionError as error:
            if not WINDOWS:
                raise
            if time.monotonic() >= end:
                told = f"{error.strerror}; another program has it open, or it may not be changed"
                raise PermissionError(error.errno, told, target) from error
            time.sleep(_WAIT)


def _move_where_nothing_is(beside: str, path: str) -> None:
    """Rename, unless anything is at `path`: of two at one moment one does it."""
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    if WINDOWS:
        _renamed(os.rename, beside, path)
    elif os.path.isdir(beside):
        try:
            os.rename(beside, path)
        except OSError as error:  # a folder that is not empty, or a file, came meanwhile
            if error.errno in (errno.ENOTEMPTY, errno.ENOTDIR):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from error
            raise
    else:
        try:
            os.link(beside, path, follow_symlinks=False)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # a file system without second names
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            try:
                os.replace(beside, path)
            except OSError:
                os.remove(path)
                raise


def _keep(beside: str, path: str, alone: bool) -> str | None:
    """Where what is at `path` is kept while `beside` takes its place; None if nothing need be.

    A folder cannot be renamed onto another, so it gives way; a file stays where it is, and gets a second name.
    """
    former = f"{beside}.old"
    if os.path.isdir(beside) and os.path.isdir(path):
        _renamed(os.rename, path, former)
        return former
    if alone or not os.path.lexists(path) or os.path.isdir(path):
        return None
    try:
        os.link(path, former, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without second names
        _renamed(os.rename, path, former)
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
