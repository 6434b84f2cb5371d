"""Send many mutated files to `dlss-tf serve`: none is answered with a fault of the server's, and its memory stays flat.

`make fuzz-uploads`. Files are those of `tools.fuzz.campaign`, by number. Exits with 1 and what was found otherwise.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from dlss_tf import micrograph
from dlss_tf.progress import Progress
from dlss_tf.serving.uploads import SENT

from ..load import memory, start, worker_of
from .campaign import Seed, mutant, own_seeds, seeds_in

FACTOR, THREADS = 5, 4
SETTLED = 0.2  # of all files, after which memory is to grow no more
FLAT = 1.05  # times what it was then
ANSWERS = (200, 400, 413)  # that are none of the server's faults


def sendable(seeds: Sequence[Seed]) -> list[Seed]:
    """Those that are one file, of a kind that the server takes."""
    return [seed for seed in seeds if len(seed.files) == 1 and micrograph.suffix_of(seed.scan) in SENT]


class Uploads:
    """What was sent to a server, and what was wrong."""

    def __init__(self, url: str, pid: int, seeds: Sequence[Seed], seed: int):
        self.url, self.pids = url, (pid, worker_of(pid))
        self.counts: Counter[int] = Counter()
        self.problems: list[str] = []
        self._seeds, self._seed = seeds, seed
        self._own = threading.local()

    def send(self, number: int) -> None:
        """The mutated file of that number."""
        file = mutant(self._seeds, self._seed, number)
        if not hasattr(self._own, "web"):
            self._own.web = httpx.Client(timeout=120)
        asked = {"factor": FACTOR, "name": os.path.basename(file.scan), "format": "raw"}
        content = file.files[file.scan] or b"\0"
        try:
            answer = self._own.web.post(f"{self.url}api/supersample", params=asked, content=content)
        except httpx.HTTPError as error:
            self.problems.append(f"{number}, {file.name}: {type(error).__name__} {error}")
            return
        self.counts[answer.status_code] += 1
        if answer.status_code not in ANSWERS:
            self.problems.append(f"{number}, {file.name}: {answer.status_code} {answer.text[:200]}")
        elif answer.status_code != 200 and not answer.text.isprintable():
            self.problems.append(f"{number}, {file.name}: control characters in {answer.text[:200]!r}")

    def send_all(self, count: int) -> Iterator[float]:
        """All of them; MB that the server holds, after each tenth."""
        progress = Progress("uploads", count)
        with ThreadPoolExecutor(THREADS) as pool:
            for first in range(0, count, max(1, count // 10)):
                numbers = range(first, min(first + max(1, count // 10), count))
                list(pool.map(self.send, numbers))
                progress.update(numbers[-1] + 1)
                time.sleep(0.2)
                yield memory(*self.pids)

    def check(self, held: Sequence[float]) -> None:
        """Whether the server is as it was: the same worker, and as little memory."""
        pid, worker = self.pids
        if worker_of(pid) != worker:
            self.problems.append("the worker is another one")
        settled = max(held[: max(1, round(SETTLED * len(held)))])
        if held[-1] > FLAT * settled:
            self.problems.append(f"memory grew from {settled:.0f} to {held[-1]:.0f} MB")
        if httpx.get(f"{self.url}v2/health/ready").status_code != 200:
            self.problems.append("the server is not ready")


def main() -> int:
    """Say what was wrong; 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="files (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of other files (%(default)s)")
    parser.add_argument("--data", help="folder with sound files, too")
    parser.add_argument("--weights", help="run directory, or one under checkpoints/ (the pretrained generator)")
    arguments = parser.parse_args()
    seeds = sendable([*own_seeds(), *(seeds_in(arguments.data) if arguments.data else [])])
    kinds = Counter(micrograph.suffix_of(seed.scan) for seed in seeds)
    print(f"uploads: {arguments.count} files from {len(seeds)} sound ones of {', '.join(sorted(kinds))}", flush=True)
    process, url = start(arguments.weights, waiting=2 * THREADS)
    try:
        uploads = Uploads(url, process.pid, seeds, arguments.seed)
        held = list(uploads.send_all(arguments.count))
        uploads.check(held)
    finally:
        process.terminate()
        process.wait()
    print(f"uploads: {', '.join(f'{number} answered {code}' for code, number in sorted(uploads.counts.items()))}")
    print("uploads: memory, MB: " + " ".join(f"{each:.0f}" for each in held))
    for problem in uploads.problems[:20]:
        print(f"uploads: {problem}")
    print(f"uploads: {len(uploads.problems)} problems" if uploads.problems else "uploads: nothing found")
    return 1 if uploads.problems else 0


if __name__ == "__main__":
    sys.exit(main())
