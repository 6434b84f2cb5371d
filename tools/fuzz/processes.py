"""What Linux tells of processes: their children, work and memory, and the files that they have open."""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import re
import select
import signal
import time

TICK = 1 / os.sysconf("SC_CLK_TCK")  # s
PR_SET_CHILD_SUBREAPER = 36


def adopt() -> set[int]:
    """Have processes whose parent has ended become this one's children, not init's; the children that it has now."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return set(_children(os.getpid()))


def end_orphans(mine: set[int], seconds: float) -> int:
    """Wait so long for children but `mine` to end; how many have to be killed, with all below them."""
    until, killed = time.monotonic() + seconds, set()
    while others := [each for each in _children(os.getpid()) if each not in mine]:
        for each in others:
            if time.monotonic() > until:
                killed.add(each)
                kill(each, signal.SIGKILL)
            if ended(each, 0.01):
                os.waitpid(each, 0)
    return len(killed)


def ended(process: int, seconds: float) -> bool:
    """Whether a child ends within so many seconds."""
    descriptor = os.pidfd_open(process)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def kill(process: int, number: int) -> None:
    """Send it a signal, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def family(process: int) -> list[int]:
    """The process and all below it."""
    return [process, *(each for child in _children(process) for each in family(child))]


def work(processes: list[int]) -> float:
    """Seconds of the processor's that they, and children of theirs that have ended, have had."""
    return TICK * sum(sum(map(int, fields[11:15])) for fields in map(_stat, processes) if fields)


def asleep(processes: list[int]) -> bool:
    """Whether none of them runs, or waits for a disk."""
    return not {"R", "D"} & {fields[0] for fields in map(_stat, processes) if fields}


def peak(process: int) -> int:
    """The most bytes of memory that it has held; 0 if it is gone."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", text(f"/proc/{process}/status"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def forget_peak(process: int) -> None:
    """Let `peak` begin at what it holds now."""
    with contextlib.suppress(OSError), open(f"/proc/{process}/clear_refs", "w", encoding="utf-8") as file:
        file.write("5")


def open_below(place: str, process: int) -> list[str]:
    """Files below a folder that a process, or one below it, has open."""
    found, root = set(), os.path.realpath(place)
    for each in family(process):
        for link in glob.glob(f"/proc/{each}/fd/*"):
            with contextlib.suppress(OSError):
                path = os.readlink(link)
                if path.startswith(root + os.sep):
                    found.add(os.path.relpath(path, root))
    return sorted(found)


def text(path: str) -> str:
    """Of a file; "" if it is not there, or no longer."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            return file.read()
    except OSError:
        return ""


def _children(process: int) -> list[int]:
    return [int(child) for path in glob.glob(f"/proc/{process}/task/*/children") for child in text(path).split()]


def _stat(process: int) -> list[str]:
    """The fields of its state, from the letter on; none if it is gone."""
    return text(f"/proc/{process}/stat").rpartition(")")[2].split()
