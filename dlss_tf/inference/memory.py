"""What passes through a generator, and requests for them, leave in memory, where malloc is glibc's: little.

For every size of image oneDNN makes code and keeps it (up to 1024 pieces a thread), in buffers of 256 KiB each that it
hardly fills. In memory that was used before, all of such a buffer counts; in pages of its own what is filled does. So
while a size is new buffers get pages of their own, at 4% of that pass' time, and what it left is given back. Later
passes of that size allocate as ever: pages of their own for all that is large take 3 to 8% of the time.

What is free at the end of the arena of another thread than the first is given back neither by `malloc_trim` nor, below
64 MiB, by itself: a process of many threads that is to give back what it does not use is started with `ONE_ARENA`.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import threading
from collections.abc import Iterator

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
OWN_PAGES = 128 * 1024  # bytes: as malloc starts with
USUAL, USUALLY_KEPT = 32 * 2**20, 64 * 2**20  # bytes: where large images lead it by itself
LARGE = 2 * 2**20  # bytes; pages of their own for all above 128 KiB took 3 of an answer's 130 ms of CPU in a server
CHOSEN = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")  # by the user, in the environment
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}  # in the environment of a process when it starts; threads in it wait seldom

_counting = threading.Lock()
_spared = False
_of_new_size = 0  # passes at this moment


@contextlib.contextmanager
def of_new_size() -> Iterator[None]:
    """While a pass is the first one of its size."""
    libc = _glibc()
    if libc is None:
        yield
        return
    global _of_new_size
    with _counting:
        _of_new_size += 1
        libc.mallopt(M_MMAP_THRESHOLD, OWN_PAGES)
    try:
        yield
    finally:
        with _counting:
            _of_new_size -= 1
            if not _of_new_size:  # in no other thread either
                libc.mallopt(M_MMAP_THRESHOLD, USUAL)
                libc.mallopt(M_TRIM_THRESHOLD, USUALLY_KEPT)
        libc.malloc_trim(0)


@contextlib.contextmanager
def spared() -> Iterator[None]:
    """Passes at this moment leave their runtime no buffers for the next; all passes would take up to 8% longer so."""
    global _spared
    _spared = True
    try:
        yield
    finally:
        _spared = False


def is_spared() -> bool:
    """Whether it is that moment."""
    return _spared


def give_back() -> None:
    """What is free in this process."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def keep_little() -> None:
    """From now on what is large is given back at once; malloc itself would keep `USUALLY_KEPT` for each thread."""
    libc = _glibc()
    if libc is not None:
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)
        libc.mallopt(M_TRIM_THRESHOLD, 2 * LARGE)


@functools.cache
def _glibc() -> ctypes.CDLL | None:
    """None on other systems, and where the user has chosen what malloc does."""
    if any(name in os.environ for name in CHOSEN):
        return None
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version, libc.mallopt, libc.malloc_trim  # noqa: B018
    except (OSError, AttributeError, TypeError):
        return None
    return libc
