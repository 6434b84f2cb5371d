"""Work in a forked process with limits of time and memory, looked at from outside. Linux alone."""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import gc
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback
import unicodedata
from collections.abc import Callable, Collection, Sequence
from types import TracebackType

from . import processes

Work = Callable[[str], list[str]]  # what it says of its argument

POLL, GRACE = 0.05, 2.0  # s: between looks at the process, and until what it started has ended, too
#: Categories of characters that change how a terminal shows what follows, or that none can show.
UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")
TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}  # the direction of writing


@dataclasses.dataclass(frozen=True)
class Limits:
    """Of one piece of work: processor time and time asleep, together; the memory of any one process that does it."""

    seconds: float = 10.0
    size: int = 2 * 2**30  # bytes, resident, beyond what the process began with


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What is wrong with how it ended: a kind and a line, "" if nothing is; and all that was said and printed."""

    kind: str = ""
    about: str = ""
    details: str = ""


class Worker:
    """A forked process that does the same work again and again, in the folder `place`, until something breaks it."""

    def __init__(self, work: Work, place: str, limits: Limits | None = None):
        self.place, self.limits = place, limits or Limits()
        self.mine = processes.adopt()
        self.report = tempfile.TemporaryDirectory(prefix="report")
        asked, self.ask = os.pipe()
        self.answer, answered = os.pipe()
        self.process = os.fork()
        self.status: int | None = None
        if not self.process:
            os.close(self.ask)  # or it would not see the end of what is asked
            _serve(work, place, self.report.name, asked, answered)
        os.close(asked)
        os.close(answered)
        processes.forget_peak(self.process)
        self.held = processes.peak(self.process)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.end()

    @property
    def broken(self) -> bool:
        """Whether it has ended, so that it cannot be asked any more."""
        return self.status is not None

    def outcome(self, argument: str, may_leave: Collection[str] = ()) -> Outcome:
        """How the work ends on an argument.

        Found is, first of all, a crash, a hang, memory beyond the limit or an exception; then an unprintable character
        in what is said or printed, and a file but `may_leave`, or an open file, that is left in the place.
        """
        before = set(_files(self.place))
        for name in ("told", "printed"):
            with contextlib.suppress(OSError):
                os.truncate(os.path.join(self.report.name, name), 0)
        with contextlib.suppress(BrokenPipeError):
            os.write(self.ask, f"{json.dumps(argument)}\n".encode())
        beyond = self._watch()
        if beyond:
            processes.kill(self.process, signal.SIGABRT)  # faulthandler shows then where it is
            processes.ended(self.process, GRACE)
        if beyond or processes.ended(self.process, 0):
            self._reap()
        printed, told = self._text("printed"), json.loads(self._text("told") or "null")
        kind, about = _found(beyond, self.status, told, printed)
        left = [*sorted(set(_files(self.place)) - before - set(may_leave)), *self._open()]
        if not kind and left:
            kind, about = "left behind", ", ".join(left)
        shown = [*(told or {}).get("said", ()), (told or {}).get("error", ""), printed]
        return Outcome(kind, about, "\n".join(filter(None, shown)))

    def outcomes(self, arguments: Sequence[str], may_leave: Collection[str] = ()) -> Outcome:
        """How the work ends on the first argument on which anything is wrong; else all that was said of all."""
        details = []
        for argument in arguments:
            found = self.outcome(argument, may_leave)
            if found.kind:
                return found
            details.append(found.details)
        return Outcome(details="\n".join(filter(None, details)))

    def end(self) -> int:
        """End it; how many processes it has left behind that do not end by themselves."""
        if not self.broken:
            os.close(self.ask)
            if not processes.ended(self.process, GRACE):
                processes.kill(self.process, signal.SIGKILL)
            self._reap()
        left = processes.end_orphans(self.mine, GRACE)
        self.report.cleanup()
        return left

    def _watch(self) -> str:
        """Wait for the answer, or its end; what limit it goes beyond, "" if none."""
        family = processes.family(self.process)
        for each in family:
            processes.forget_peak(each)
        began, slept, last = processes.work(family), 0.0, (0.0, time.monotonic())
        while not self._answered():
            family = processes.family(self.process)
            spent, now = processes.work(family) - began, time.monotonic()
            if spent == last[0] and processes.asleep(family):
                slept += min(now - last[1], 2 * POLL)  # not the time in which nobody was let run
            last = spent, now
            if beyond := self._beyond(family):
                return beyond
            if spent + slept > self.limits.seconds:
                return f"hang: {spent:.0f} s of work and {slept:.0f} s of sleep"
        return self._beyond(processes.family(self.process))

    def _beyond(self, family: list[int]) -> str:
        peak = max(map(processes.peak, family), default=0) - self.held
        return f"memory: {peak / 2**30:.2f} GiB" if peak > self.limits.size else ""

    def _answered(self) -> bool:
        if not select.select([self.answer], [], [], POLL)[0]:
            return processes.ended(self.process, 0)
        if not os.read(self.answer, 1):  # it is about to end
            processes.ended(self.process, GRACE)
        return True

    def _open(self) -> list[str]:
        """Files in the place that stay open; what the process has asked for help may have yet to close some."""
        until = time.monotonic() + GRACE
        while not self.broken and (left := processes.open_below(self.place, self.process)):
            if time.monotonic() > until:
                return [f"{name}, open" for name in left]
            time.sleep(POLL)
        return []

    def _reap(self) -> None:
        for each in reversed(processes.family(self.process)):
            processes.kill(each, signal.SIGKILL)
        _, self.status = os.waitpid(self.process, 0)
        os.close(self.answer)

    def _text(self, name: str) -> str:
        return processes.text(os.path.join(self.report.name, name))


def odd(text: str) -> list[str]:
    """Characters that should not reach a terminal, but line ends and tabs."""
    found = {each for each in text if each in TURNING or unicodedata.category(each) in UNPRINTABLE}
    return sorted(found - {"\n", "\t"})


def _serve(work: Work, place: str, report: str, asked: int, answered: int) -> None:
    """In the new process: for each argument do the work, tell what was said and raised, and answer."""
    try:
        os.setsid()
        os.environ["TMPDIR"] = tempfile.tempdir = place
        printed = os.open(os.path.join(report, "printed"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(printed, stream)
        sys.stdout = sys.stderr = os.fdopen(printed, "w", encoding="utf-8", errors="surrogatepass", buffering=1)
        faulthandler.enable(1)
        gc.freeze()  # what was there before is not looked through after each piece of work
        for line in os.fdopen(asked):
            os.chdir(place)  # which may be another folder of that name
            told = _told(work, json.loads(line))
            sys.stdout.flush()
            with open(os.path.join(report, "told"), "w", encoding="utf-8") as file:
                json.dump(told, file)
            os.write(answered, b".")
        os._exit(0)
    finally:
        os._exit(1)


def _told(work: Work, argument: str) -> dict[str, object]:
    told: dict[str, object] = {"said": []}
    try:
        told["said"] = work(argument)
    except BaseException as error:  # whatever it is, it should not have been raised
        frame = traceback.extract_tb(error.__traceback__)[-1]
        told["error"] = traceback.format_exc()
        told["raised"] = f"{type(error).__name__} in {frame.filename[-60:]}:{frame.lineno} ({frame.name})"
    gc.collect()
    return told


def _found(beyond: str, status: int | None, told: dict | None, printed: str) -> tuple[str, str]:
    """Kind and line of the worst that was found, ("", "") if nothing was."""
    if beyond:
        kind, _, about = beyond.partition(": ")
        return kind, f"{about}; {_innermost(printed)}"
    if told is None:
        killed = status is not None and os.WIFSIGNALED(status)
        by = signal.Signals(os.WTERMSIG(status or 0)).name if killed else f"status {status}"
        return "crash", f"{by}; {_innermost(printed)}"
    if told.get("error"):
        return "exception", str(told["raised"])
    if "Traceback (most recent" in printed:
        return "exception", printed.strip().splitlines()[-1]
    for text in (*told["said"], printed):
        if odd(text):
            return "control character", f"{', '.join(map(ascii, odd(text)))} in {ascii(text[:200])}"
    return "", ""


def _innermost(printed: str) -> str:
    """The first frame that faulthandler shows."""
    return next((line.strip() for line in printed.splitlines() if line.startswith('  File "')), "nothing printed")


def _files(place: str) -> list[str]:
    """Every file and folder below it."""
    found = [os.path.join(folder, name) for folder, folders, files in os.walk(place) for name in [*folders, *files]]
    return [os.path.relpath(path, place) for path in found]
