"""Asks processes of their own to read files, so that no file takes this one's time or memory, or the process, with it.

A few are kept, for as many threads; one that does not answer in time is ended, and the next file gets a new one. They
are Pythons started anew, never forks of this process, which may have TensorFlow and threads in it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import python_process, wire
from .python_process import PythonProcess

MOST = 4  # processes at once; more threads wait for one another
LONGEST_START = 300.0  # s, of Python and of the libraries that a format takes, on a machine that is busy
ANSWERS = 1000  # after which a new process takes over: what libraries leak goes with the old one

#: One thread a library: files are read one by one, and a thread's stack counts as memory.
_VARIABLES = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLOSC_NTHREADS"), "1")
_VARIABLES["DASK_SCHEDULER"] = "synchronous"


class Ended(Exception):
    """There is no answer: in words why, and whether for want of memory, or of a process rather than for the file."""

    def __init__(self, why: str, memory: bool = False, start: bool = False):
        super().__init__(why)
        self.memory, self.start = memory, start


def start(suffixes: Sequence[str]) -> None:
    """Have a process prepare itself for files of these suffixes, beside what this one does next."""
    if suffixes and not _pool.idle:
        with contextlib.suppress(Ended):
            _pool.idle.append(_Process(suffixes))


def answers(question: Mapping[str, Any], suffix: str, seconds: float, most: int) -> Iterator[dict[str, Any]]:
    """What a `reader_process` answers about a file of that suffix, each within so many seconds and bytes of arrays.

    Those with "more" are followed by another one; it waits until that is asked for.

    Raises:
        Ended: it does not.
    """
    pool = _pool
    with pool.room:
        process = pool.take()
        try:
            answer = process.ask(question, suffix, seconds, most)
            while answer.get("more"):
                yield answer
                answer = process.received(seconds, most)
        except BaseException:  # an interruption, too: what it would still answer is nobody's
            process.end()
            raise
        pool.give_back(process)
    yield answer


class _Process:
    """A `reader_process`, and what it was asked."""

    def __init__(self, suffixes: Sequence[str] = ()):
        self.answers = 0
        self._suffixes = {*suffixes}  # that it is prepared for
        self._limit = 0.0  # s, of what it was ended for
        try:
            self.python = PythonProcess("dlss_tf.formats.reader_process", [",".join(suffixes)], _VARIABLES)
        except OSError as error:
            raise Ended(f"Python does not start: {error.strerror or error}", start=True) from None
        _all.add(self)

    def ask(self, question: Mapping[str, Any], suffix: str, seconds: float, most: int) -> Any:
        """Its answer, once it is prepared for files of that suffix; Ended if there is none."""
        if not self.answers:
            self.received(LONGEST_START, 0)
        if suffix not in self._suffixes:
            self._suffixes.add(suffix)
            self._send({"prepare": suffix})
            self.received(LONGEST_START, 0)
        self._send(question)
        return self.received(seconds, most)

    def _send(self, question: Mapping[str, Any]) -> None:
        try:
            self.python.send(question)
        except OSError:
            raise self._ended() from None

    def received(self, seconds: float, most: int) -> Any:
        """What it says next."""
        timer = threading.Timer(seconds, self._expire, [seconds])
        timer.daemon = True
        timer.start()
        try:
            answer = self.python.receive(most)
        except wire.TooMuch as error:
            raise Ended(str(error), memory=True) from None
        except (EOFError, OSError, wire.Unreadable):
            raise self._ended() from None
        finally:
            timer.cancel()
        self.answers += 1
        return answer

    def _expire(self, seconds: float) -> None:
        self._limit = seconds
        self.python.kill()

    def _ended(self) -> Ended:
        """Why it is not there any more."""
        status = self.python.status()
        by = ended_by(status)
        if self._limit or by == "SIGPROF":
            return Ended(f"reading it has no end{f' in {self._limit:.3g} s' if self._limit else ''}")
        if by == "SIGKILL":  # the system's
            return Ended("reading it was ended by the system", memory=True)
        if by:
            return Ended(f"reading it crashes: {by}")
        return (
            Ended("reading it gives no answer")
            if self.answers
            else Ended(f"{python_process.python()} gives none", start=True)
        )

    def end(self) -> None:
        """At once; nothing of it is left."""
        self.python.end()
        _all.discard(self)


def ended_by(status: int) -> str:
    """What a process with that exit status was ended by: "SIGSEGV", or of Windows "0xc0000005"; "" if by itself."""
    if status < 0:
        known = [each.name for each in signal.Signals if each == -status]
        return known[0] if known else f"signal {-status}"
    return f"{status:#x}" if status >= 2**31 else ""


class _Pool:
    """Processes that are not busy, and room for as many as may be."""

    def __init__(self) -> None:
        self.room = threading.BoundedSemaphore(MOST)
        self.idle: list[_Process] = []

    def take(self) -> _Process:
        """One that waits, or a new one."""
        while self.idle:
            with contextlib.suppress(IndexError):  # another thread took it
                process = self.idle.pop()
                if process.python.lives:
                    return process
                process.end()
        return _Process()

    def give_back(self, process: _Process) -> None:
        if process.answers < ANSWERS:
            self.idle.append(process)
        else:
            process.end()


def _end_all() -> None:
    for process in list(_all):
        process.end()


def _forget_all() -> None:
    global _pool
    for process in _all:
        process.python.forget()
    _all.clear()
    _pool = _Pool()


_all: set[_Process] = set()
_pool = _Pool()
atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
