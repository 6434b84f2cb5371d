"""Many clients at once: `make load`. No answer may be lost or wrong, and none cost much beside the generator's work.

Starts `dlss-tf serve`, has CLIENTS ask it for MINUTES for images of scans that this process has made itself before, and
compares every answer. Then its worker is killed while they ask, and at last it is told to stop while they wait. Exits
with 1 and what was found if an answer was lost or wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import aiohttp
import numpy as np

from dlss_tf.serving.client import as_npy

FACTOR, SCANS = 5, 16
TOLERANCE = 1e-4  # of the scan's range: a batch's arithmetic is not that of one scan's, bit for bit
BATCHES = (1, 2, 4, 8)


@dataclasses.dataclass
class Load:
    """What clients ask of a server, and what comes back."""

    web: aiohttp.ClientSession
    process: subprocess.Popen
    url: str
    clients: int
    scans: list[bytes]
    expected: list[np.ndarray]
    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    problems: list[str] = dataclasses.field(default_factory=list)
    seconds: list[float] = dataclasses.field(default_factory=list)  # that right answers took

    async def ask(self, number: int) -> None:
        """One request, sent again while the server says so; its answer is compared."""
        began, which = time.monotonic(), number % len(self.scans)
        while True:
            url = f"{self.url}api/supersample?factor={FACTOR}&name=scan.npy&format=raw"
            try:
                async with self.web.post(url, data=self.scans[which]) as answer:
                    status, headers, content = answer.status, answer.headers, await answer.read()
            except aiohttp.ClientError as error:
                self.problems.append(f"lost: {type(error).__name__} {error}")
                return
            self.counts[str(status)] += 1
            if status not in (429, 503):
                break
            await asyncio.sleep(float(headers["Retry-After"]) * random.uniform(0.5, 1))
        if status != 200:
            self.problems.append(f"{status}: {content[:200].decode(errors='replace')}")
            return
        found = np.frombuffer(content, "<f4").reshape(self.expected[which].shape)
        wrong = float(np.abs(found - self.expected[which]).max())
        if wrong <= TOLERANCE:
            self.seconds.append(time.monotonic() - began)
        else:
            self.problems.append(f"wrong by {wrong:.2g}")

    def all_ask(self, count: int) -> list[asyncio.Task[None]]:
        """So many clients, one request each."""
        return [asyncio.create_task(self.ask(number)) for number in range(count)]

    async def for_minutes(self, minutes: float, best: float) -> None:
        """All clients ask again and again; `best` is how many images a second a direct call makes."""
        await self.ask(0)
        pids = self.process.pid, worker_of(self.process.pid)
        began, before, self.seconds = time.monotonic(), memory(*pids), []

        async def client(number: int) -> None:
            while time.monotonic() - began < 60 * minutes:
                await self.ask(number)
                number += self.clients + 1

        await asyncio.gather(*map(client, range(self.clients)))
        took = time.monotonic() - began
        rate = len(self.seconds) / took
        median, most = np.percentile(self.seconds, (50, 99))
        print(
            f"{self.clients} clients: {len(self.seconds)} right answers in {took:.0f} s, {rate:.2f}/s, "
            f"{rate / best:.2f} of the best; {self.counts['429']} times told to wait; {median:.2f} s for one, "
            f"99% below {most:.2f} s; memory {before:.0f} to {memory(*pids):.0f} MB",
            flush=True,
        )

    async def kill_worker(self) -> None:
        """Once they are being answered; those who lose by it are told, and ask again."""
        before, told = len(self.seconds), self.counts["503"]
        asking = self.all_ask(self.clients)
        while len(self.seconds) == before and not all(task.done() for task in asking):
            await asyncio.sleep(0.01)
        os.kill(worker_of(self.process.pid), signal.SIGKILL)
        await asyncio.gather(*asking)
        told = self.counts["503"] - told
        print(f"worker killed: {told} of {self.clients} requests told so, and answered later", flush=True)

    async def stop(self, count: int) -> None:
        """Once so many requests are let in: all of them are to be answered."""
        before = len(self.seconds)
        asking = self.all_ask(count)
        while await self._admitted() < count - (len(self.seconds) - before):
            await asyncio.sleep(0.02)
        waited = count - (len(self.seconds) - before)
        self.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*asking)
        status = await asyncio.to_thread(self.process.wait, 60)
        answered = len(self.seconds) - before
        print(f"stopped with {waited} requests let in: {answered} of {count} answered, status {status}", flush=True)
        if answered != count or status:
            self.problems.append(f"stopped: {answered} of {count} answered, status {status}")

    async def _admitted(self) -> int:
        async with self.web.get(f"{self.url}metrics") as answer:
            text = await answer.text()
        return int(next(float(line.split()[1]) for line in text.splitlines() if line.startswith("dlss_requests_adm")))


def direct(weights: str | None, side: int, seconds: float) -> tuple[list[bytes], list[np.ndarray], dict[int, float]]:
    """Scans, their images by a direct call, and images a second in batches of several sizes."""
    from dlss_tf import Supersampler

    supersampler = Supersampler(weights)
    stack = np.random.default_rng(0).random((SCANS, side, side), np.float32)
    expected = [supersampler(scan, FACTOR) for scan in stack]
    rates = {}
    for batch in BATCHES:
        supersampler(stack[:batch], FACTOR)
        began, done = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            supersampler(stack[:batch], FACTOR)
            done += batch
        rates[batch] = done / (time.monotonic() - began)
    return [as_npy(scan) for scan in stack], expected, rates


def start(weights: str | None, waiting: int) -> tuple[subprocess.Popen, str]:
    """A server, and its address once it answers."""
    command = [sys.executable, "-m", "dlss_tf.cli", "serve", "--port", "0", "--waiting", str(waiting)]
    command += ["--weights", weights] if weights else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    assert process.stdout  # a pipe
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"the server did not start: status {process.wait()}")
    return process, line.split()[0]


def worker_of(pid: int) -> int:
    """The process that holds the generator of the server `pid`."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            stat = (path.parent / "stat").read_text("utf-8").rpartition(")")[2].split()
            if int(stat[1]) == pid and "dlss_tf.serving.worker" in path.read_text("utf-8", "replace"):
                return int(path.parent.name)
        except OSError:
            continue
    raise SystemExit(f"{pid}: expected a server with a worker, found none")


def memory(*pids: int) -> float:
    """MB that processes hold."""
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1000


async def run(arguments: argparse.Namespace) -> list[str]:
    """All of it; what was wrong."""
    scans, expected, rates = direct(arguments.weights, arguments.side, arguments.direct_seconds)
    print("direct: " + ", ".join(f"{rate:.2f}/s in batches of {batch}" for batch, rate in rates.items()), flush=True)
    process, url = start(arguments.weights, arguments.waiting)
    try:
        connections, longest = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=600)
        async with aiohttp.ClientSession(connector=connections, timeout=longest) as web:
            load = Load(web, process, url, arguments.clients, scans, expected)
            await load.for_minutes(arguments.minutes, max(rates.values()))
            await load.kill_worker()
            await load.stop(min(arguments.clients, arguments.waiting))
    finally:
        process.kill()
        process.wait()
    return load.problems


def main() -> int:
    """Say what was wrong; 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long clients ask (%(default)s)")
    parser.add_argument("--clients", type=int, default=200, help="how many at once (%(default)s)")
    parser.add_argument("--waiting", type=int, default=150, help="the server's limit (%(default)s)")
    parser.add_argument("--side", type=int, default=103, help="of the scans, samples (%(default)s)")
    parser.add_argument("--direct-seconds", type=float, default=15, help="of direct calls a batch size (%(default)s)")
    parser.add_argument("--weights", help="run directory, or one under checkpoints/ (the pretrained generator)")
    problems = asyncio.run(run(parser.parse_args()))
    for problem, count in Counter(problems).most_common(20):
        print(f"load: {count} times {problem}")
    print(f"load: {len(problems)} problems" if problems else "load: no answer lost, none wrong")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
