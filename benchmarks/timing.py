"""How a run is timed. Nothing but the standard library, since the peer's Python has neither TensorFlow nor dlss_tf."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 20  # after which a big case stops, if it has two counted runs
GEMM_SIDE = 4096  # of the matrix product that tells the machine's rate


def timed(call: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each of `runs` calls after a warm-up of two; of fewer, but at least two, if they take long."""
    deadline = time.perf_counter() + SECONDS
    call()
    if time.perf_counter() < deadline:
        call()
    seconds: list[float] = []
    while len(seconds) < min(2, runs) or (len(seconds) < runs and time.perf_counter() < deadline):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return seconds


def peak_gib() -> float:
    """Peak resident memory of this program; getrusage's would include that of the process that started it."""
    return int(re.findall(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))[0]) / 2**20
