"""Lines for people: how far a long job is, how fast it runs and how long it will take; and what has come of it."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from .errors import shown

T = TypeVar("T")
WINDOWS = os.name == "nt"  # whose older consoles show escape sequences, not what they ask for
NOBODY = (errno.EPIPE, errno.EINVAL)  # of a pipe to which nobody listens; the second is Windows'


def duration(seconds: float) -> str:
    """'42 s', '3 min 5 s', '2 h 10 min'."""
    seconds = int(round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """Prints `label: 120/400 | 3.1/s | 1 min 30 s left | details` on stderr: in place on a terminal, else every 30 s.

    `total` counts items; `start` is where a resumed job begins, so that the rate counts this run's items only.
    """

    def __init__(self, label: str, total: int, start: int = 0):
        self.label, self.total, self.start = label, total, start
        self.began = time.monotonic()
        self.shown: float | None = None
        self.live = sys.stderr.isatty()
        self.width = 0  # characters of what is shown

    def update(self, done: int, details: str = "") -> None:
        """Show that `done` of `total` items are finished; the last one is always shown."""
        now = time.monotonic()
        due = self.shown is None or now - self.shown >= (0.2 if self.live else 30)
        if not due and done < self.total:
            return
        self.shown = now
        rate = (done - self.start) / max(now - self.began, 1e-9)
        parts = [f"{self.label}: {done}/{self.total}"]
        if done > self.start:
            parts += [f"{rate:.3g}/s", f"{duration((self.total - done) / rate)} left"]
        line = shown(" | ".join(parts + [details] * bool(details)))
        end = "\n" if not self.live or done >= self.total else ""
        if self.live:
            line = f"\r{line:{self.width}}" if WINDOWS else f"\r\x1b[K{line}"
            self.width = len(line)
        print(line, end=end, file=sys.stderr, flush=True)


def reporter(label: str) -> Callable[[int, int], None]:
    """A function of (done, total) that shows progress from now on, if there is more than one thing to do."""
    progress = Progress(label, 0)

    def report(done: int, total: int) -> None:
        progress.total = total
        if total > 1:
            progress.update(done)

    return report


def counter(on_progress: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    """What is to be called as one more of `total` things is done: tells `on_progress(done, total)`."""
    done = 0

    def report() -> None:
        nonlocal done
        done += 1
        if on_progress:
            on_progress(done, total)

    return report


def each(label: str, items: Iterable[T], total: int) -> Iterator[T]:
    """The items, with progress shown as each is done with."""
    progress = Progress(label, total)
    for i, item in enumerate(items):
        yield item
        progress.update(i + 1)


def say(line: str) -> None:
    """Print a line on stdout, at once, whatever is in it: as `shown`, with escapes for what the encoding lacks.

    A full disk under it, or nobody who listens any more, is no reason to end.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        print(shown(line).encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except OSError as error:
        if error.errno in NOBODY:  # Python would fail again at the end, when it empties what is left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
