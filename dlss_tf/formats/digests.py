"""SHA-256 digests of files, by which one is known again whatever it is called."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

PIECE = 2**20  # bytes read at once


def of_file(path: str, stop: Event | None = None) -> str:
    """Of what is in a file, in hexadecimal digits, as `sha256sum` prints it.

    Of a folder, that of what `find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum` prints in it. Once `stop`
    is set it ends early, with the digest of nothing in particular.

    Raises:
        OSError: it cannot be read.
    """
    if os.path.isdir(path):
        return hashlib.sha256(b"".join(_lines(path, stop))).hexdigest()
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while (piece := file.read(PIECE)) and not (stop and stop.is_set()):
            digest.update(piece)
    return digest.hexdigest()


def _lines(folder: str, stop: Event | None) -> Iterator[bytes]:
    """A line for each file in it, by name."""
    files = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
    inside = {each: os.path.relpath(each, folder).replace(os.sep, "/") for each in files}
    names = {os.fsencode(f"./{name}"): each for each, name in inside.items()}
    for name in sorted(names):
        if os.path.isfile(names[name]) and not os.path.islink(names[name]):
            yield of_file(names[name], stop).encode() + b"  " + name + b"\n"


@contextlib.contextmanager
def beside(path: str) -> Iterator[Callable[[], str | None]]:
    """The digest of a file is worked out in a thread, beside what is done in this context; who asks for it waits.

    None is the digest of what cannot be read, or is neither a file nor a folder.
    """
    stop = Event()

    def work() -> str | None:
        with contextlib.suppress(OSError):
            return of_file(path, stop) if os.path.isfile(path) or os.path.isdir(path) else None
        return None

    with ThreadPoolExecutor(1, "digest") as thread:
        try:
            yield thread.submit(work).result
        finally:
            stop.set()
