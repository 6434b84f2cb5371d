"""What reading a file may take of time and memory, and how a process is held to it: on Linux, by the kernel.

macOS has no limit of memory, Windows none of processor time either; the time until the answer is its asker's to limit.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator

try:
    import fcntl
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LINUX = sys.platform == "linux" and resource is not None

#: s of processor time, and more a megabyte of file: the slowest that we have met, LZMA in TIFF, takes a tenth of it.
PROCESSOR_TIME, PROCESSOR_TIME_A_MEGABYTE = 5.0, 0.5
#: Bytes of memory, and times the file's size. What is compressed a hundred times, and large, is no micrograph.
MEMORY, EXPANSION = 2**28, 100
SHARE = 0.5  # of the machine's memory, at most
_GROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container


def processor_time(size: int) -> float:
    """Seconds for a file of so many bytes."""
    return PROCESSOR_TIME + PROCESSOR_TIME_A_MEGABYTE * size / 1e6


def memory(size: int) -> int:
    """Bytes for a file of so many, beside those for the program itself."""
    return min(MEMORY + EXPANSION * size, int(SHARE * machine()))


def machine() -> int:
    """Bytes of memory that this machine, or container, has; more than any if that is not known."""
    known = [2**62]
    with contextlib.suppress(AttributeError, OSError, ValueError):
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in _GROUPS:
        with contextlib.suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
            known.append(int(file.read()))
    return min(each for each in known if each > 0)


@contextlib.contextmanager
def held_to(size: int) -> Iterator[None]:
    """Reading of a file of so many bytes: MemoryError beyond its memory, and the process ends beyond its time."""
    if resource is None:
        yield
        return
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, whatever native code it is in
    _limit_data(_data() + memory(size))
    signal.setitimer(signal.ITIMER_PROF, processor_time(size))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _limit_data(resource.RLIM_INFINITY)


def end_with(descriptor: int) -> None:
    """This process ends as soon as the other end of a pipe is closed, be it that whoever holds it was killed."""
    if LINUX:  # a signal, since native code may keep all threads waiting
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
    threading.Thread(target=_end_after, args=(descriptor,), daemon=True).start()  # it may be closed already


def leave_no_dump() -> None:
    """A crash writes no file."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_after(descriptor: int) -> None:
    os.read(descriptor, 1)
    os._exit(0)


def _data() -> int:
    """Bytes that the limit counts, of this process now."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="utf-8") as file:
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmData")), 0)
    return 0


def _limit_data(most: int) -> None:
    if LINUX:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        soft = most if hard == resource.RLIM_INFINITY else hard if most == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
