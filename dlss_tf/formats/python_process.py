"""A Python started anew, never a fork, that answers messages through pipes and ends when this process does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from . import limits, wire

WINDOWS = os.name == "nt"  # where a process inherits no such pipe, and ends with its questions alone
PIPE = 2**20  # bytes that are on their way, on Linux


class PythonProcess:
    """Runs `main(life, *arguments)` of a module; `questions` goes to its stdin, `answers` comes from its stdout.

    `life` is for `limits.end_with`: the number of a pipe that is closed when this process is gone, or -1.

    Raises:
        OSError: no Python starts.
    """

    def __init__(self, module: str, arguments: Sequence[str] = (), variables: Mapping[str, str] | None = None):
        last = len(arguments) + 2
        code = f"import sys; sys.path[:] = sys.argv[{last}:]; from {module} import main; main(*sys.argv[1:{last}])"
        life, self._life = (-1, -1) if WINDOWS else os.pipe()
        try:
            self._popen = subprocess.Popen(
                [python(), "-c", code, str(life), *arguments, *_path()],
                bufsize=0,  # so that a fork of this process has nothing of ours to write
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **(variables or {}), "PYTHONINSPECT": ""},
                pass_fds=[life] if life >= 0 else [],
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError:
            _close(self._life)
            raise
        finally:
            _close(life)
        self.pid = self._popen.pid

    def send(self, message: Any) -> None:
        """`wire.send` it."""
        wire.send(self._popen.stdin, message)  # type: ignore[arg-type]

    def receive(self, most: int = wire.MOST_HEADER) -> Any:
        """`wire.receive` what it says next."""
        return wire.receive(self._popen.stdout, most)  # type: ignore[arg-type]

    @property
    def lives(self) -> bool:
        """Whether it can be asked."""
        return self._popen.poll() is None

    def status(self) -> int:
        """Its exit status once it has none to answer, negative for a signal; 0 if it has not ended after a second."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(1)
        return self._popen.returncode or 0

    def kill(self) -> None:
        """Have it end at once; whoever waits for its answer learns that there is none."""
        self._popen.kill()

    def end(self) -> None:
        """At once; nothing of it is left."""
        self._popen.kill()
        self._close_pipes()
        self._popen.wait()

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


def begin(life: str) -> tuple[BinaryIO, BinaryIO]:
    """In that process: where questions come from and answers go; it ends with the pipe `life`, and with nothing else.

    These were stdin and stdout, which lead nowhere from now on. Signals that are meant for who asks are ignored.
    """
    questions, answers = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(answers, fcntl.F_SETPIPE_SZ, PIPE)
    with contextlib.suppress(ValueError):
        for each in (signal.SIGINT, signal.SIGTERM):  # a service manager tells all processes; who asks ends this one
            signal.signal(each, signal.SIG_IGN)
    if int(life) >= 0:
        limits.end_with(int(life))
    limits.leave_no_dump()
    return questions, answers


def python() -> str:
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
