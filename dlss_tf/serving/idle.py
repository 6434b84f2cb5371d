"""What is done when nothing else is: while there is work, it takes no time of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

PAUSE = 0.1  # s without work


class WhenIdle:
    """Work is done `with` it, in any thread; `rest` is called when none has been for `PAUSE` s."""

    def __init__(self, rest: Callable[[], None]):
        self._rest = rest
        self._counting = threading.Lock()
        self._now = self._done = 0

    def __enter__(self) -> None:
        with self._counting:
            self._now += 1

    def __exit__(self, *_: object) -> None:
        with self._counting:
            self._now -= 1
            self._done += 1
            done = None if self._now else self._done
        if done is not None:
            timer = threading.Timer(PAUSE, self._look, [done])
            timer.daemon = True
            with contextlib.suppress(RuntimeError):  # there is no room for a thread: after the next work, then
                timer.start()

    def _look(self, done: int) -> None:
        with self._counting:
            idle = not self._now and self._done == done
        if idle:
            self._rest()
