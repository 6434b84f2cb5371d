"""Asks processes of their own to read files, so that no file takes this one's time or memory, or the process, with it.

A few are kept, for as many threads; one that does not answer in time is ended, and the next file gets a new one. They
are Pythons started anew, never forks of this process, which may have TensorFlow and threads in it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from . import wire

MOST = 4  # processes at once; more threads wait for one another
LONGEST_START = 300.0  # s, of Python and of the libraries that a format takes, on a machine that is busy
ANSWERS = 1000  # after which a new process takes over: what libraries leak goes with the old one

_CODE = "import sys; sys.path[:] = sys.argv[3:]; from dlss_tf.formats.reader_process import main; main(*sys.argv[1:3])"
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


def ask(question: Mapping[str, Any], suffix: str, seconds: float, most: int) -> Any:
    """What a `reader_process` answers about a file of that suffix, within so many seconds and bytes of arrays.

    Raises:
        Ended: it does not.
    """
    pool = _pool
    with pool.room:
        process = pool.take()
        try:
            answer = process.ask(question, suffix, seconds, most)
        except BaseException:  # an interruption, too: what it would still answer is nobody's
            process.end()
            raise
        pool.give_back(process)
    return answer


class _Process:
    """A `reader_process`, and the pipes to it."""

    def __init__(self, suffixes: Sequence[str] = ()):
        self.answers = 0
        self._suffixes = {*suffixes}  # that it is prepared for
        self._limit = 0.0  # s, of what it was ended for
        life, self._life = os.pipe() if os.name == "posix" else (-1, -1)
        try:
            self._popen = subprocess.Popen(
                [_python(), "-c", _CODE, str(life), ",".join(suffixes), *_path()],
                bufsize=0,  # so that a fork of this process has nothing of ours to write
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_VARIABLES, "PYTHONINSPECT": ""},
                pass_fds=[life] if life >= 0 else [],
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            _close(self._life)
            raise Ended(f"Python does not start: {error.strerror or error}", start=True) from None
        finally:
            _close(life)
        _all.add(self)

    def ask(self, question: Mapping[str, Any], suffix: str, seconds: float, most: int) -> Any:
        """Its answer, once it is prepared for files of that suffix; Ended if there is none."""
        if not self.answers:
            self._received(LONGEST_START, 0)
        if suffix not in self._suffixes:
            self._suffixes.add(suffix)
            self._send({"prepare": suffix})
            self._received(LONGEST_START, 0)
        self._send(question)
        return self._received(seconds, most)

    def _send(self, question: Mapping[str, Any]) -> None:
        try:
            wire.send(self._popen.stdin, question)  # type: ignore[arg-type]
        except OSError:
            raise self._ended() from None

    def _received(self, seconds: float, most: int) -> Any:
        """What it says next."""
        timer = threading.Timer(seconds, self._expire, [seconds])
        timer.daemon = True
        timer.start()
        try:
            answer = wire.receive(self._popen.stdout, most)  # type: ignore[arg-type]
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
        self._popen.kill()

    def _ended(self) -> Ended:
        """Why it is not there any more."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(1)
        status = self._popen.returncode or 0
        by = signal.Signals(-status).name if status < 0 else ""
        if self._limit or by == "SIGPROF":
            return Ended(f"reading it has no end{f' in {self._limit:.3g} s' if self._limit else ''}")
        if by == "SIGKILL":  # the system's
            return Ended("reading it was ended by the system", memory=True)
        if by:
            return Ended(f"reading it crashes: {by}")
        return Ended("reading it gives no answer") if self.answers else Ended(f"{_python()} gives none", start=True)

    @property
    def lives(self) -> bool:
        """Whether it can be asked."""
        return self._popen.poll() is None

    def end(self) -> None:
        """At once; nothing of it is left."""
        self._popen.kill()
        self._close_pipes()
        self._popen.wait()
        _all.discard(self)

    def forget(self) -> None:
        """In a fork of the process that it is of: it goes on, with the other."""
        self._close_pipes()
        self._popen.returncode = 0  # or it would be waited for

    def _close_pipes(self) -> None:
        for stream in (self._popen.stdin, self._popen.stdout):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        _close(self._life)
        self._life = -1


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
                if process.lives:
                    return process
                process.end()
        return _Process()

    def give_back(self, process: _Process) -> None:
        if process.answers < ANSWERS:
            self.idle.append(process)
        else:
            process.end()


def _python() -> str:
    """As multiprocessing has it: a program with Python in it may have told it which to run."""
    from multiprocessing import spawn

    return os.fsdecode(spawn.get_executable() or sys.executable or "python")


def _path() -> list[str]:
    """Where modules are looked for: as here, but never in the folder that happens to be the current one."""
    ours = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = [os.path.abspath(each) for each in sys.path if isinstance(each, str) and each]
    return found if ours in found else [*found, ours]


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _end_all() -> None:
    for process in list(_all):
        process.end()


def _forget_all() -> None:
    global _pool
    for process in _all:
        process.forget()
    _all.clear()
    _pool = _Pool()


_all: set[_Process] = set()
_pool = _Pool()
atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
