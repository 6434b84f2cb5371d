"""Simulated datasets: training data for when the STEM Crops dataset is not at hand.

Nothing here imports TensorFlow, so worker processes start fast and stay small.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Generator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import tifffile

from ..errors import InputError
from ..formats import locks
from ..formats.json_file import read_json
from ..formats.replacing import clear, replacing
from ..progress import Progress
from .crop import check_size, simulate_crop

VERSION = 1  # of the simulator: raise it with every change that alters a crop, so that no dataset mixes two versions
SPLITS = ("train", "val", "test")  # the position is part of the seed of every crop: append only
RECORD = "simulation.json"
LOCK_FILE = ".lock"  # in the dataset's folder, while its record is read and written
DEMO = os.path.join(os.path.dirname(__file__), "demo.tif")  # a simulated scan that ships, of `tools.demo_scan`
MOST_PROCESSES = 61  # that Windows can wait for
MOST = 100_000  # files of a split, that five digits can number


def _check_counts(counts: Mapping[str, int]) -> None:
    for split, count in counts.items():
        if split not in SPLITS:
            raise InputError(f"counts: expected the splits {', '.join(SPLITS)}, found '{split}'.")
        if not 0 <= count <= MOST:
            raise InputError(f"counts: expected 0 to {MOST} crops for {split}, found {count}.")
    if sum(counts.values()) == 0:
        raise InputError("counts: expected at least one crop to simulate, found none.")


def open_root(root: Path, dataset: str = "the simulated dataset") -> None:
    """Make the folder of a dataset if need be; InputError unless it is one that can be written to."""
    if root.exists() and not root.is_dir():
        raise InputError(f"{root}: expected a folder for {dataset}, found a file.")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise InputError(f"{root}: expected a folder that can be written to, found: {error.strerror}.") from error


def _recorded_counts(root: Path, size: int, seed: int) -> dict[str, int]:
    """Counts of the dataset that is there already, after a check that it is the one asked for."""
    path = root / RECORD
    if not path.exists():
        if any(any((root / split).glob("[!.]*.tif")) for split in SPLITS):
            raise InputError(f"{root}: expected a new folder or a simulated dataset, found .tif files but no {RECORD}.")
        return {}
    try:
        record = read_json(path)
        counts = {split: int(record["counts"].get(split, 0)) for split in SPLITS}
        found = {key: record[key] for key in ("seed", "size", "version")}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"{path}: expected the record of a simulated dataset, found something else.") from error
    for key, expected in (("seed", seed), ("size", size), ("version", VERSION)):
        if found[key] != expected:
            raise InputError(f"{path}: expected {key} {expected}, found {found[key]}: choose another folder.")
    return counts


def _write_record(root: Path, counts: Mapping[str, int], size: int, seed: int) -> None:
    record = {"version": VERSION, "seed": seed, "size": size, "counts": dict(counts)}
    with replacing(root / RECORD) as beside:
        Path(beside).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


Task = tuple[str, int, int, int, int]  # path, seed, number of the split, number of the crop, size


def _tasks(root: Path, counts: Mapping[str, int], size: int, seed: int) -> list[Task]:
    """What is missing, crop by crop."""
    tasks = []
    for number, split in enumerate(SPLITS):
        for index in range(counts.get(split, 0)):
            path = root / split / f"{index:05d}.tif"
            if not path.exists():
                tasks.append((str(path), seed, number, index, size))
    return tasks


def _write_crop(task: Task) -> None:
    """Simulate and write one file; it has its final name only once it is whole."""
    path, seed, split, index, size = task
    image = simulate_crop(np.random.default_rng([seed, split, index]), size)
    # no metadata: tifffile's holds no date, but nothing of it is needed and its text may change with tifffile
    with replacing(path) as beside:
        tifffile.imwrite(beside, image, metadata=None, software=False)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; the parent alone acts on it and ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(tasks: list[Task], processes: int) -> Generator[None, None, None]:
    """Yields after every file written."""
    if processes == 1:
        yield from map(_write_crop, tasks)
        return
    # spawn: a fork would copy whatever threads and devices the parent holds, TensorFlow's among them
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(processes, MOST_PROCESSES), mp_context=context, initializer=_ignore_interrupts)
    try:
        yield from pool.map(_write_crop, tasks)
    finally:
        pool.shutdown(cancel_futures=True)  # waits for the few crops that are being made


def simulate_dataset(
    root: str | os.PathLike[str],
    counts: Mapping[str, int],
    size: int = 512,
    seed: int = 0,
    processes: int | None = None,
) -> int:
    """Write a simulated dataset as `root/{train,val,test}/NNNNN.tif` and return how many files were written.

    Each file is one uncompressed float32 page of `size` x `size` pixels. File i of a split depends on `seed`,
    the split, i and `size` only, whatever the number of `processes` (default: one per CPU). Files that are there
    already are kept, so an interrupted run goes on where it stopped and larger `counts` make the dataset grow;
    several may write into one `root` at once, where `simulation.json` records what it was made with. Progress is shown
    on stderr. With more than one process, a script must call this under `if __name__ == "__main__":`, for its workers
    import the script.

    Raises:
        InputError: an argument is out of range, `root` is not a folder that can be written to, or it holds a dataset of
            another seed, size or version of the simulator, or one that was not simulated.
    """
    check_size(size)
    _check_counts(counts)
    if seed < 0:
        raise InputError(f"seed: expected 0 or more, found {seed}.")
    if processes is not None and processes < 1:
        raise InputError(f"processes: expected 1 or more, found {processes}.")
    folder = Path(root)
    open_root(folder)
    with locks.held(folder / LOCK_FILE, wait=True):  # another simulation in the folder looks and notes before or after
        before = _recorded_counts(folder, size, seed)
        after = {split: max(counts.get(split, 0), before.get(split, 0)) for split in SPLITS}
        for split in SPLITS:
            (folder / split).mkdir(exist_ok=True)
            clear(os.fspath(folder / split))
        if after != before:
            _write_record(folder, after, size, seed)  # first, so that an interrupted run can be continued
    tasks = _tasks(folder, counts, size, seed)
    total = sum(counts.values())
    kept = total - len(tasks)
    progress = Progress("simulated crops", total, start=kept)
    # closing: an interrupt between two results lets the workers finish the crops under way before it ends them
    with contextlib.closing(_run(tasks, min(processes or os.cpu_count() or 1, max(len(tasks), 1)))) as results:
        for done, _ in enumerate(results, start=1):
            progress.update(kept + done)
    return len(tasks)
