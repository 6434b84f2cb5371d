"""Live: supersample every new scan in a folder as the acquisition software finishes writing it (paper section VI)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from .. import micrograph
from ..errors import InputError
from ..formats.contents import Choice
from ..inference.options import Options
from ..inference.supersampler import Supersampler
from .files import output_path, supersample_file

POLL = 0.1  # s between looks at the folder
SETTLE = 0.5  # s that a file must stay as it is before it counts as finished

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
            elif now - pending[path][1] >= settle and seen[0] > 0:
                ready.append((seen[1], path))
        for _, path in sorted(ready):
            done[path], _ = pending.pop(path)
            yield path
        if not ready:
            wait()


def _files(folder: str) -> Iterator[tuple[str, Seen]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                suffix = micrograph.suffix_of(entry.name)
                if entry.name.startswith(".") or suffix not in micrograph.READABLE or not entry.is_file():
                    continue
                status = entry.stat()
                yield entry.path, (status.st_size, status.st_mtime_ns)
    except OSError:  # a file gone between the look at the folder and at it, or the folder away: the next look tells
        return


def watch(
    supersampler: Supersampler,
    folder: str,
    out: str,
    factor: int,
    options: Options | None = None,
    *,
    suffix: str = ".tif",
    existing: bool = False,
    image: Choice = None,
) -> None:
    """Supersample every new scan in `folder` into `out`, until interrupted; prints a line for each, good or bad.

    `options` are as `supersample_file` takes them; `image` too, or "all" of a file's images. Results that are there
    are replaced.

    Raises:
        InputError: `folder` is not one, or is `out` as well.
    """
    if not os.path.isdir(folder):
        raise InputError(
            f"{folder}: expected a folder to watch, found {'a file' if os.path.exists(folder) else 'nothing'}"
        )
    if os.path.realpath(folder) == os.path.realpath(out):
        raise InputError(f"{out}: expected another folder for results than the one watched")
    supersampler(np.eye(64), factor)  # TensorFlow prepares itself now, not at the first scan
    new = arrivals(folder, existing=existing)
    _log(f"watching {folder}; results go to {out}; Ctrl-C ends it")
    for path, choice, part in _images(new, image):
        began = time.monotonic()
        target = output_path(path, out, factor, suffix, part + "x")
        try:
            result = supersample_file(supersampler, path, target, factor, options, image=choice, quiet=True)
        except (InputError, OSError, MemoryError, tf.errors.OpError) as error:
            _log(str(error).splitlines()[0])
        else:
            size = "x".join(map(str, result.data.shape))
            _log(f"{os.path.basename(path)} -> {target}, {size} px, {time.monotonic() - began:.2f} s")


def _images(paths: Iterator[str], image: Choice) -> Iterator[tuple[str, Choice, str]]:
    """Each image that is asked for of each file, and what comes into its result's name; a line for a bad file."""
    for path in paths:
        try:
            chosen = micrograph.choices(path, image)
        except (InputError, OSError, MemoryError) as error:
            _log(str(error).splitlines()[0])
            continue
        yield from ((path, choice, part) for choice, part in chosen)


def _log(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)
