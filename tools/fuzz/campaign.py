"""Read many mutated files, each in a process with limits; keep and count those on which anything is wrong.

A file goes by its number: of one `--seed` (and one DATA) it is always the same. Ctrl-C ends with a summary.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import gc
import importlib
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dlss_tf import micrograph
from dlss_tf.cli import status
from dlss_tf.errors import InputError
from dlss_tf.interfaces import origins
from dlss_tf.progress import Progress, duration

from .limits import Outcome, Worker
from .mutations import mutated

ROOT = Path(__file__).resolve().parents[2]
SCAN = "scan"  # begins the name of the file of a seed that is read
RESULTS = ("result.hspy", "result.tif")
LARGEST = 16 * 2**20  # bytes of a seed file
FILES = 200  # that a worker reads
AGAIN = "make fuzz ONLY={number}{seed}{data}"


@dataclasses.dataclass(frozen=True)
class Seed:
    """A sound file: what it is called, the path that is read, and the content of every file by path."""

    name: str
    scan: str
    files: dict[str, bytes]


def own_seeds() -> list[Seed]:
    """Those that seeds.py makes, in a process of its own: nothing may run in this one beside the main thread."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests")))}
        command = [sys.executable, "-W", "ignore", "-m", "tools.fuzz.seeds", folder]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seeds = []
        for place in sorted(Path(folder).iterdir()):
            names = sorted(each.name for each in place.iterdir())
            scan = next(name for name in names if name.startswith(SCAN) and micrograph.suffix_of(name))
            seeds.append(Seed(place.name, scan, _contents(place)))
        return seeds


def seeds_in(folder: str) -> list[Seed]:
    """Each file of a folder that has a readable suffix, of up to 16 MiB, alone; InputError if there is none."""
    if not os.path.isdir(folder):
        raise InputError(f"--data {folder}: expected a folder of files to mutate, found none")
    found = [path for path in sorted(Path(folder).iterdir()) if micrograph.suffix_of(str(path))]
    sizes = {path: sum(each.stat().st_size for each in _below(path)) for path in found}
    small = [path for path in found if sizes[path] <= LARGEST]
    if not small:
        raise InputError(f"--data {folder}: expected files of at most {LARGEST} bytes to mutate, found none")
    if len(small) < len(found):
        left_out = f"{len(found) - len(small)} of {len(found)} files are over {LARGEST} bytes and left out"
        warnings.warn(left_out, stacklevel=2)
    return [Seed(path.name, path.name, _contents(path, path.parent)) for path in small]


def _below(path: Path) -> list[Path]:
    return sorted(each for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file())


def _contents(path: Path, start: Path | None = None) -> dict[str, bytes]:
    return {str(each.relative_to(start or path)): each.read_bytes() for each in _below(path)}


def mutant(seeds: Sequence[Seed], seed: int, number: int) -> Seed:
    """The file of that number: the seeds in turn, one of its files mutated, most often the one that is read."""
    rng = random.Random(f"{seed}/{number}")
    chosen, other = seeds[number % len(seeds)], rng.choice(seeds)
    name = chosen.scan if chosen.scan in chosen.files and rng.random() < 0.7 else rng.choice(list(chosen.files))
    changed = mutated(chosen.files[name], rng, rng.choice(list(other.files.values())))
    return dataclasses.replace(chosen, files=chosen.files | {name: changed})


def read(command: str) -> list[str]:
    """All that "info FILE" and "supersample FILE" say, which is to end with a sentence at worst."""
    name, _, scan = command.partition(" ")
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            COMMANDS[name](scan, said)
        except InputError as error:
            said.append(str(error))
    return [*said, *(str(each.message) for each in caught)]


def _info(scan: str, said: list[str]) -> None:
    said += origins.contents(scan)


def _supersample(scan: str, said: list[str]) -> None:
    """But for the network: what is read is written as it is."""
    said += [part for _, part in micrograph.choices(scan, micrograph.ALL)]
    image = micrograph.read(scan)
    said.append(image.describe())
    for result in RESULTS:
        try:
            micrograph.write(result, image)
        except InputError as error:
            said.append(str(error))


COMMANDS: dict[str, Callable[[str, list[str]], None]] = {"info": _info, "supersample": _supersample}


def commands(file: Seed) -> list[str]:
    """Each in turn, within limits of its own."""
    return [f"{name} {file.scan}" for name in COMMANDS]


class Trial:
    """Reads one file after another in a worker, which is renewed once it is broken, or has read so many."""

    def __init__(self, place: str):
        self.place, self.left = place, 0
        self.worker: Worker | None = None

    def outcome(self, file: Seed) -> Outcome:
        """How reading it ends; what is found must be found again by a new worker to be the file's own fault."""
        found = self._outcome(file)
        if not found.kind:
            return found
        self.end()
        again = self._outcome(file)
        return again if again.kind else dataclasses.replace(found, about=f"not when read alone: {found.about}")

    def end(self) -> int:
        """End the worker; how many processes it has left behind."""
        worker, self.worker = self.worker, None
        return worker.end() if worker else 0

    def _outcome(self, file: Seed) -> Outcome:
        _put(file, emptied(self.place))
        if self.worker is None:
            self.worker, self.left = Worker(read, self.place), FILES
        found = self.worker.outcomes(commands(file), RESULTS)
        self.left -= 1
        if (self.worker.broken or not self.left) and (processes := self.end()) and not found.kind:
            return Outcome("left behind", f"{processes} processes", found.details)
        return found


def _put(file: Seed, place: str) -> None:
    for name, content in file.files.items():
        os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
        with open(os.path.join(place, name), "wb") as opened:
            opened.write(content)


def emptied(place: str) -> str:
    """The folder, made anew."""
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    return place


def preload(seeds: Sequence[Seed], place: str) -> None:
    """Import what reading the seeds imports, so that no worker does it again; they may not fail.

    Raises:
        InputError: one of them is not sound.
    """

    def imported(command: str) -> list[str]:
        read(command)
        return [name for name in sys.modules if name not in before]

    before = set(sys.modules)
    names: list[str] = []
    with Worker(imported, place) as worker:
        for file in seeds:
            _put(file, emptied(place))
            found = worker.outcomes(commands(file), RESULTS)
            if found.kind:
                raise InputError(f"{file.name}: expected a sound file to mutate, found {found.kind}: {found.about}")
            names = found.details.splitlines()
    logging.disable()  # or some would say what is not installed
    for name in names:
        with contextlib.suppress(Exception):  # a module that is a name for another
            importlib.import_module(name)
    logging.disable(logging.NOTSET)
    gc.collect()
    gc.freeze()  # what is there now need not be looked at, and so copied, in every worker


def keep(folder: str, file: Seed, number: int, seed: int, data: str | None, found: Outcome) -> None:
    """The file, what was found on it and how to have it again, in a folder of its number."""
    place = emptied(os.path.join(folder, str(number)))
    _put(file, place)
    options = {"number": number, "seed": f" SEED={seed}" if seed else "", "data": f" DATA={data}" if data else ""}
    text = f"{found.kind}: {found.about}\n{file.name}\n{AGAIN.format(**options)}\n\n{found.details}\n"
    with open(os.path.join(place, "found.txt"), "w", encoding="utf-8", errors="backslashreplace") as opened:
        opened.write(text)


def campaign(arguments: argparse.Namespace) -> int:
    """Try files 0 to `count`, or only one; 1 if anything was found on any."""
    seeds = [*own_seeds(), *(seeds_in(arguments.data) if arguments.data else [])]
    numbers = range(arguments.count) if arguments.only is None else [arguments.only]
    found: dict[int, tuple[Seed, Outcome]] = {}
    began, done, interrupted = time.monotonic(), 0, False
    with tempfile.TemporaryDirectory() as scratch:
        place = os.path.join(scratch, "files")
        preload(seeds, place)
        progress, trial = Progress("fuzz", len(numbers)), Trial(place)
        try:
            for number in numbers:
                file = mutant(seeds, arguments.seed, number)
                result = trial.outcome(file)
                if result.kind:
                    found[number] = file, result
                    keep(arguments.out, file, number, arguments.seed, arguments.data, result)
                if arguments.only is not None:
                    print(f"{file.name}: {result.kind or 'nothing wrong'} {result.about}\n{result.details}")
                done += 1
                progress.update(done, f"{len(found)} found")
        except KeyboardInterrupt:
            interrupted = True
        finally:
            trial.end()
    print("\n".join(summary(found, done, time.monotonic() - began, arguments.out)))
    return 1 if found else 130 if interrupted else 0


def summary(found: dict[int, tuple[Seed, Outcome]], done: int, seconds: float, out: str) -> Iterator[str]:
    """A line a kind of finding, with how often and on which file first, and one for all."""
    alike = collections.defaultdict(list)
    for number, (file, result) in found.items():
        alike[result.kind, result.about if result.kind != "control character" else ""].append((number, file.name))
    for (kind, about), files in sorted(alike.items()):
        names = ", ".join(dict.fromkeys(name for _, name in files))
        yield f"{kind}: {ascii(about)[1:-1]} ({len(files)} x, first {files[0][0]}; {names})"
    kept = f"; they are in {out}" if found else ""
    yield f"{done} mutated files in {duration(seconds)}, something wrong on {len(found)}{kept}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="mutated files (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of other files (%(default)s)")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this file alone, and all that is said of it")
    parser.add_argument("--data", metavar="FOLDER", help="more files to mutate, beside those that are made")
    parser.add_argument(
        "--out", default="results/fuzz", help="where files are kept on which anything was wrong (%(default)s)"
    )
    return campaign(parser.parse_args())


if __name__ == "__main__":
    sys.exit(status("fuzz", main))
