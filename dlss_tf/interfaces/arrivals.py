"""Files that come into a folder, each once it is written to its end."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator

from .. import micrograph

POLL = 0.1  # s between looks at the folder
SETTLE = 0.5  # s that a file must stay as it is before it counts as finished
LONGEST_HELD = 60.0  # s that a file is waited for which its writer keeps open for itself, as Windows lets it
WINDOWS = os.name == "nt"

Seen = tuple[int, int]  # a file's bytes, and time of last change in ns


def arrivals(
    folder: str,
    *,
    existing: bool = False,
    settle: float = SETTLE,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[], None] = lambda: time.sleep(POLL),
) -> Iterator[str]:
    """Files of the folder, without end, as they appear and then do not change for `settle` seconds; oldest first.

    Files that are there now, when this is called, count only if `existing`, or if they change. A file that changes
    after it was given is given again. Only names that `micrograph.read` takes count, and none that begins with a dot. A
    folder that is away for a while, on a network drive, is waited for.
    """
    return _arrivals(folder, {} if existing else dict(_files(folder)), settle, clock, wait)


def _arrivals(
    folder: str, done: dict[str, Seen], settle: float, clock: Callable[[], float], wait: Callable[[], None]
) -> Iterator[str]:
    """`arrivals` of files that are not `done`, or are changed since."""
    pending: dict[str, tuple[Seen, float]] = {}
    while True:
        now = clock()
        found = dict(_files(folder))
        for path in [path for path in pending if path not in found]:
            del pending[path]
        ready = []
        for path, seen in found.items():
            if done.get(path) == seen:
                continue
            if path not in pending or pending[path][0] != seen:
                pending[path] = (seen, now)
            elif now - pending[path][1] >= (LONGEST_HELD if _held(path) else settle) and seen[0] > 0:
                ready.append((seen[1], path))
        for _, path in sorted(ready):
            done[path], _ = pending.pop(path)
            yield path
        if not ready:
            wait()


def _held(path: str) -> bool:
    """Whether somebody has a file open so that nobody else can read it."""
    if not WINDOWS:
        return False
    try:
        open(path, "rb").close()
    except PermissionError:
        return True
    except OSError:  # whoever reads it learns of it
        return False
    return False


def _files(folder: str) -> Iterator[tuple[str, Seen]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                suffix = micrograph.suffix_of(entry.name)
                if entry.name.startswith(".") or suffix not in micrograph.READABLE:
                    continue
                with contextlib.suppress(OSError):  # a file gone since, or that may not be looked at
                    if entry.is_file():
                        status = os.stat(entry.path)  # a folder's listing has old numbers, on Windows, of an open file
                        yield entry.path, (status.st_size, status.st_mtime_ns)
    except OSError:  # the folder is away: the next look tells
        return
