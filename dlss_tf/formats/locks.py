"""Lock files that die with their holder: the operating system's locks, which survive no crash."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import io
import os
import socket
import time
from collections.abc import Iterator

from ..errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

#: What a system call says where a file system has no locks.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}
_LOCKED_BYTE = 2**30  # msvcrt locks bytes, which others cannot read then: one beyond the text
_WAIT = 0.05  # s between tries
TRIES = 20  # to open a lock file on Windows
FOREIGN_LIFE = 24 * 3600.0  # s for which a lock file of another machine, or of before a restart, counts as held


class Taken(Exception):
    """Somebody else holds the lock; `str` is who."""


@contextlib.contextmanager
def held(path: str | os.PathLike[str], wait: bool = False) -> Iterator[bool]:
    """Hold the lock file `path`, against other processes, threads and containers of this machine; it goes at the end.

    Of other machines only where the file system has locks for all of them, as NFS with its lock service and SMB do. A
    holder that is killed holds it no more. Yields whether there are locks at all; if not, nobody is kept out.

    Args:
        path: a name in a folder that exists and can be written to.
        wait: for its holder to let go of it.

    Raises:
        Taken: somebody else holds it, unless `wait`.
        OSError: the file cannot be made.
    """
    path = os.fspath(path)
    file, locks = _open_locked(path, wait)
    try:
        yield locks
    finally:
        _close_and_remove(file, path)


@contextlib.contextmanager
def of(target: str | os.PathLike[str], wait: bool = False) -> Iterator[bool]:
    """`held` for whoever works at `target`: the lock file is a hidden one beside it.

    Raises:
        InputError: somebody else does, unless `wait`.
        OSError: the lock file cannot be made.
    """
    folder, name = os.path.split(os.path.normpath(os.fspath(target)))
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    with contextlib.ExitStack() as stack:
        try:
            locks = stack.enter_context(held(os.path.join(folder, f".{digest}.lock"), wait))
        except Taken as holder:
            raise InputError(f"{os.fspath(target)}: expected nobody else to write it, found {holder}") from None
        yield locks


@contextlib.contextmanager
def abandoned(path: str) -> Iterator[bool]:
    """Whether nobody holds the lock file `path` any more; it is held meanwhile, and gone afterwards.

    False where that cannot be told: without locks, or for a day if it is another machine's.
    """
    try:
        file = open(path, "rb+", buffering=0)  # noqa: SIM115
    except OSError as error:
        yield isinstance(error, FileNotFoundError)
        return
    with file:
        try:
            free = _lock(file) and _is_at(path, file)
        except OSError:
            free = False
        if free and _text(file).partition("\n")[0] not in ("", machine()):
            free = time.time() - os.fstat(file.fileno()).st_mtime > FOREIGN_LIFE
        yield free
        if free:
            _close_and_remove(file, path)


@functools.cache
def machine() -> str:
    """A name for this machine since it was started, the same in all of its containers."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return socket.gethostname()


def _open_locked(path: str, wait: bool) -> tuple[io.FileIO, bool]:
    """The lock file, open and locked, and whether there are locks."""
    tries = TRIES
    while True:
        try:
            file = open(path, "ab+", buffering=0)  # noqa: SIM115  closed by `held`
        except PermissionError:  # on Windows also of a file that is being removed
            tries -= 1
            if fcntl or not tries:
                raise
            time.sleep(_WAIT)
            continue
        try:
            locked, locks = _lock(file), True
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                file.close()
                raise
            locked, locks = True, False
        if locked and _is_at(path, file):
            with contextlib.suppress(OSError):  # a full disk; it is for people and other machines
                file.truncate(0)
                file.write(f"{machine()}\nprocess {os.getpid()} on {socket.gethostname()}\n".encode())
            return file, locks
        holder = "" if locked else _text(file).partition("\n")[2].strip()
        file.close()
        if not locked:  # else it was its last holder's, who has removed it: try again
            if not wait:
                raise Taken(holder or "another process")
            time.sleep(_WAIT)


def _lock(file: io.FileIO) -> bool:
    """Lock an open file; False if somebody else has."""
    try:
        if fcntl is None:
            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def _is_at(path: str, file: io.FileIO) -> bool:
    """Whether the open file still is the one of that name."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _text(file: io.FileIO) -> str:
    with contextlib.suppress(OSError):
        file.seek(0)
        return file.read(1000).decode(errors="replace")
    return ""


def _close_and_remove(file: io.FileIO, path: str) -> None:
    """The other way round, so that nobody locks what is about to go, but on Windows, which removes no open file."""
    if fcntl is None:
        file.close()
    with contextlib.suppress(OSError):
        os.remove(path)
    file.close()
