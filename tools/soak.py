"""Kills commands at random moments, on a disk that is full now and then, and looks whether anything was lost.

`make soak`. Train, evaluate, supersample, watch and write_ome_zarr, each tiny, are killed with SIGKILL or run out of
disk, then begun again until they end. Nothing may be lost that was reported written, nothing may be half-written under
a final name, and trained weights and all results must be those of undisturbed runs, bit for bit. Exits with 1 and what
was found otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ._soak_jobs import Job, jobs

DISK = 64  # MB
NEAR_FULL = 400_000  # bytes that may be left on a disk that is as good as full
LONGEST = 600.0  # s for a command that nobody disturbs


@contextlib.contextmanager
def small_disk() -> Iterator[tuple[Path, bool]]:
    """A folder on a disk of its own, of 64 MB, if one may be mounted; and whether it is."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", folder]
        try:
            mounted = subprocess.run(mount, capture_output=True).returncode == 0
        except OSError:
            mounted = False
        try:
            yield Path(folder), mounted
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", folder])


class Soak:
    """The commands, what came of them, and what was wrong with it."""

    def __init__(self, folder: Path, mounted: bool, seed: int):
        self.folder, self.mounted, self.random = folder, mounted, random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.logs = Path(tempfile.mkdtemp(prefix="soak-"))  # not on the small disk
        self.seconds: dict[str, float] = {}

    def run(self, job: Job, command: list[str], ending: str = "undisturbed") -> None:
        """Run a command until it ends, is killed at a random moment, or runs out of disk; then look at what is there.

        `ending` is "undisturbed", "killed" or "full".
        """
        began, out, err = time.monotonic(), self.logs / f"{job.name}.out", self.logs / f"{job.name}.err"
        with out.open("w") as stdout, err.open("w") as stderr, self._full(ending == "full") as limit:
            process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=ENVIRONMENT, preexec_fn=limit)
            late = self._wait(process, job, out, ending == "killed" or ending == "full" and not job.ends)
        self.counts[f"{job.name} {ending}"] += 1
        lines = out.read_text("utf-8", errors="replace").splitlines()
        problems = job.check(lines) + late
        code, error = process.returncode, err.read_text("utf-8", errors="replace")
        if code not in (0, -9, *([2, 3] if ending == "full" else [])) or "Traceback" in error:
            problems.append(f"exit {code}: {error.strip().splitlines()[-1:]}")
        if ending == "undisturbed" and not job.done(code):
            problems.append("did not come to its end")
        if job.done(code):
            self.counts[f"{job.name} complete"] += 1
            self.seconds.setdefault(job.name, time.monotonic() - began)
            problems += job.compare()
            job.reset()
        for problem in problems:
            print(f"{job.name}, {ending}: {problem}", flush=True)
        self.problems += [f"{job.name}, {ending}: {problem}" for problem in problems]

    def _wait(self, process: subprocess.Popen, job: Job, out: Path, kill: bool) -> list[str]:
        """Until it has ended; a kill comes at any moment of it, every other time at one after it begins to write.

        What is wrong if it had no end.
        """
        problems = []
        began, spoken, from_words = time.monotonic(), None, self.random.random() < 0.5
        stamp = job.stamp()
        usual = self.seconds.get(job.name, 20.0)
        delay = self.random.uniform(0, usual / 4 if from_words else usual)
        while process.poll() is None:
            now = time.monotonic()
            if spoken is None and (out.stat().st_size or job.stamp() != stamp):
                spoken = now
            since = spoken if from_words else began
            late = now - began > LONGEST
            if (kill and since is not None and now - since > delay) or late or (not job.ends and job.done(0)):
                if late:
                    problems = [f"had not ended after {LONGEST:.0f} s"]
                process.kill()
                process.wait()
            time.sleep(0.005)
        return problems

    @contextlib.contextmanager
    def _full(self, full: bool) -> Iterator[Callable[[], None] | None]:
        """The disk almost full meanwhile; where it is no small one, no file may become larger than the room left."""
        left = self.random.randrange(NEAR_FULL)
        filler = self.folder / "filler"
        if full and self.mounted:
            with open(filler, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(shutil.disk_usage(self.folder).free - left, 1))
        try:
            yield (lambda: _limit(left)) if full and not self.mounted else None
        finally:
            filler.unlink(missing_ok=True)


def _limit(left: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (left, left))


ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


def soak(minutes: float, seed: int) -> list[str]:
    """Disturb for so many minutes, then let all commands end; returns what was wrong."""
    with small_disk() as (folder, mounted):
        where = f"a disk of {DISK} MB" if mounted else "a folder, with a limit on the length of files for a full disk"
        print(f"soak: on {where}, seed {seed}", flush=True)
        state = Soak(folder, mounted, seed)
        made = jobs(folder)
        for job in made:  # undisturbed, for what is to be compared with
            state.run(job, job.command)
            if state.problems:
                return state.problems
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            job = state.random.choice(made)
            state.run(job, job.command, "full" if state.random.random() < 0.15 else "killed")
        for job in made:
            if job.begun():
                state.run(job, job.command)
        print("soak: " + ", ".join(f"{count} {what}" for what, count in sorted(state.counts.items())))
        shutil.rmtree(state.logs)
        return state.problems


def main() -> int:
    """Say what was wrong; 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long to disturb (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    arguments = parser.parse_args()
    problems = soak(arguments.minutes, arguments.seed)
    print(f"soak: {len(problems)} problems" if problems else "soak: nothing lost, nothing half-written")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
