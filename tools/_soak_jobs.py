"""What `soak` disturbs: commands, and how their results on disk are looked at."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from dlss_tf import micrograph, weights
from dlss_tf.simulation.dataset import simulate_dataset
from dlss_tf.training import checkpoints

TINY = ("size=64", "batch=1", "width=0.05", "checkpoint_minutes=0.0001")
ITERATIONS, SCANS = 40, 12

WRITE_ZARR = """import sys, time
import dask.array as da
from dlss_tf import write_ome_zarr
from dlss_tf.errors import InputError

def slow(chunk):
    time.sleep(0.05)
    return chunk * 0 + 7

images = da.ones((16, 64, 64), chunks=(1, 64, 64), dtype="f4").map_blocks(slow, dtype="f4")
try:
    write_ome_zarr(sys.argv[1], images, progress=False)
except (OSError, InputError) as error:
    print(error, file=sys.stderr)
    sys.exit(2)
print("written", flush=True)
"""


@dataclasses.dataclass
class Job:
    """A command that writes into `out`, and what may be there: at any moment, and when it has ended."""

    name: str
    command: list[str]
    out: Path
    look: Callable[[list[str]], list[str]]  # of the lines it printed, what is wrong with what is there
    kept: Callable[[Path], object]  # of a complete result, what is the same each time
    complete: Callable[[Path], bool]
    ends: bool = True  # by itself
    once: bool = False  # what it made is refused the next time, be it that it was killed just after
    expected: object = None
    latest: int = 0  # iterations of the latest checkpoint that was seen

    def check(self, lines: list[str]) -> list[str]:
        """What is wrong now."""
        try:
            return self.look(lines)
        except Exception as error:  # whatever a half-written file makes its reader raise
            return [f"{type(error).__name__}: {error}"]

    def done(self, code: int) -> bool:
        """Whether it has come to its end."""
        return self.complete(self.out) and (code == 0 or self.once or not self.ends)

    def begun(self) -> bool:
        """Whether anything is there."""
        return self.out.exists()

    def stamp(self) -> list[int]:
        """Another one once it has written anything."""
        folders = [self.out, *self.out.glob("*/")] if self.out.exists() else []
        return [folder.stat().st_mtime_ns for folder in folders if folder.is_dir()]

    def compare(self) -> list[str]:
        """What is wrong at the end; the first time is what others are compared with."""
        found = self.kept(self.out)
        if self.expected is None:
            self.expected = found
        return [] if found == self.expected else ["its result is not that of an undisturbed run"]

    def reset(self) -> None:
        """Begin anew next time."""
        self.latest = 0
        shutil.rmtree(self.out, ignore_errors=True)


def jobs(folder: Path) -> list[Job]:
    """All of them, on data that is made in `folder`."""
    data, scans = folder / "data", folder / "scans"
    simulate_dataset(data, {"train": 6, "val": 2, "test": 3}, size=64, processes=1)
    scans.mkdir()
    for number in range(SCANS):
        np.save(scans / f"{number}.npy", np.random.default_rng(number).random((16, 16), np.float32))
    cli = [sys.executable, "-m", "dlss_tf.cli"]
    settings = [text for setting in TINY for text in ("--set", setting)]
    train = [*cli, "train", "--run", str(folder / "run"), "--resume", "--data", str(data), *settings]
    files = ["--factor", "4", "--out"]
    evaluate = [*cli, "evaluate", "--data", str(data), "--size", "64", *files, str(folder / "results")]
    supersample = [*cli, "supersample", str(scans), *files, str(folder / "images"), "--overwrite", "--ensemble"]
    watch = [*cli, "watch", str(scans), *files, str(folder / "watched"), "--existing"]
    zarr = [sys.executable, "-c", WRITE_ZARR, str(folder / "zarr" / "a.ome.zarr")]
    run, results = folder / "run", folder / "results"
    training = Job(
        *("train", [*train, "--iterations", str(ITERATIONS)], run),
        look=lambda lines: _look_at_run(training),
        kept=lambda out: digest_of(weights.load(str(out))[1]),
        complete=lambda out: _latest(out) == ITERATIONS,
    )
    return [
        training,
        Job("evaluate", evaluate, results, lambda _: _look_at_results(results), _table, lambda out: _three(out)),
        _of_images("supersample", supersample, folder / "images", (".tif", "-uncertainty.tif", "-preview.png"), ": "),
        dataclasses.replace(
            _of_images("watch", watch, folder / "watched", (".tif", "-preview.png"), " -> "), ends=False
        ),
        Job(
            *("write_ome_zarr", zarr, folder / "zarr"),
            look=lambda lines: _look_at_zarr(folder / "zarr", lines),
            kept=_sevens,
            complete=lambda out: (out / "a.ome.zarr").exists(),
            once=True,
        ),
    ]


def digest_of(arrays: dict[str, np.ndarray]) -> object:
    """The same for the same bits."""
    return {name: array.tobytes() for name, array in arrays.items()}


def _latest(run: Path) -> int:
    saved = checkpoints.saved(str(run))
    return checkpoints.iterations(saved[0]) if saved else 0


def _look_at_run(job: Job) -> list[str]:
    """Weights and checkpoints are whole, and the latest checkpoint is none before one that was there."""
    problems = []
    if (job.out / weights.FILE).exists():
        weights.load(str(job.out))
    for path in checkpoints.saved(str(job.out)):
        damage = checkpoints.damage_of(path)
        problems += [f"{path}: {damage}"] if damage else []
    latest, job.latest = job.latest, _latest(job.out)
    return problems + ([f"went back from {latest} to {job.latest} iterations"] if job.latest < latest else [])


def _look_at_results(results: Path) -> list[str]:
    for path in _visible(results):
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".csv":
            assert len(list(csv.reader(path.open(encoding="utf-8")))) > 1, path
        elif path.suffix == ".png":
            Image.open(path).load()
        else:
            np.load(path).close()
    there = [(results / f"table2{suffix}").exists() for suffix in (".csv", ".png")]
    return [] if len(set(there)) == 1 else ["a table without its picture, or the other way round"]


def _three(results: Path) -> bool:
    return [path.name for path in _visible(results)] == [f"table2{suffix}" for suffix in (".csv", ".json", ".png")]


def _table(results: Path) -> object:
    return json.loads((results / "table2.json").read_text(encoding="utf-8"))["per_image"]


def _visible(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.glob("*") if not path.name.startswith("."))


def _of_images(name: str, command: list[str], out: Path, endings: Sequence[str], mark: str) -> Job:
    """Of one that writes images, with those endings, and prints a line for each, its path before or after `mark`."""

    def look(lines: list[str]) -> list[str]:
        _images(out)
        there = {str(path) for path in _visible(out)}
        said = {path for line in lines for path in (line.split(", ")[0].split(mark)) if path.startswith(str(out))}
        lost = [f"{path} was reported written, and is not there" for path in said - there]
        return lost + [f"{path} is missing beside what came with it" for path in _missing(there, endings)]

    return Job(name, command, out, look, _images, lambda out: len(_visible(out)) == len(endings) * SCANS)


def _missing(names: set[str], endings: Sequence[str]) -> list[str]:
    """Files of results of which there are others."""
    stems = {name.removesuffix(ending) for name in names for ending in endings if name.endswith(ending)}
    own = {stem for stem in stems if not stem.endswith("-uncertainty")}
    return sorted({stem + ending for stem in own for ending in endings} - names)


def _images(out: Path) -> object:
    return {path.name: _pixels(path).tobytes() for path in _visible(out)}


def _pixels(path: Path) -> np.ndarray:
    if path.suffix == ".png":
        return np.asarray(Image.open(path))
    return micrograph.read(str(path)).data


def _look_at_zarr(folder: Path, lines: list[str]) -> list[str]:
    path = folder / "a.ome.zarr"
    if "written" in lines and not path.exists():
        return [f"{path} was reported written, and is not there"]
    return [] if not path.exists() or _sevens(folder) else [f"{path} is not whole"]


def _sevens(folder: Path) -> bool:
    import zarr

    return bool((zarr.open_group(os.fspath(folder / "a.ome.zarr"), mode="r")["0"][:] == 7).all())
