"""From files to a data set in the STEM Crops layout, `root/{train,val,test}/*.tif`, and a record of what is whose."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path
from typing import Any

from ..._version import __version__
from ...errors import InputError, gathered, sentence
from ...formats import locks
from ...formats.contents import Choice
from ...formats.replacing import clear, flush_folder
from ...progress import Progress
from ...simulation.dataset import LOCK_FILE, SPLITS, open_root
from ..files import is_tiff
from . import cuts, looks, sheet, splits
from .cutting import COPY, SMALL, Source, cut_file
from .index import Index
from .record import LINES, SHEET, SUMMARY, VERSION, Entry, Record

CUT = ".cut"  # folder of crops that are not split yet

Told = dict[str, Any]


def prepare_dataset(
    sources: Sequence[Source],
    root: str,
    size: int = 512,
    image: Choice = None,
    *,
    overwrite: bool = False,
    tell: Callable[[Told], None] = lambda told: None,
) -> dict[str, Any]:
    """Cut files' images into crops [size, size] of their own type and values, and split them by specimen.

    `root` gets `{train,val,test}/*.tif`, uncompressed, `prepare.json`, which is returned, and `prepare.jsonl`, a line a
    file. Crops are cut by `cuts.cuts`, left out by `worth.left_out` or if they are in the data set already, split by
    `splits.assign`. A data set that is there grows by what is new; an interrupted one goes on where it stopped; if
    nothing is new nothing is written. What was split once stays where it is, and a crop that was removed by hand is not
    made again. One frame of a file is in memory at a time, as far as its format allows. Progress is shown on stderr.

    Args:
        sources: files, each once.
        root: a folder to make, or one that this function made.
        size: side of the crops, a multiple of 32 px.
        image: which of several images in a file, as `micrograph.read` takes it.
        overwrite: remove the data set that is there first.
        tell: is called for each file with what came of it: "source", "specimen", "crops" (how many), "left_out" (how
            many, by reason), "skipped" (it is recorded already), "warnings", and "error", a sentence, for a bad one.

    Returns:
        "version", "size", "image", "dlss_tf" (its version); "crops", "files" and "specimens", each by split; "left_out"
        (crops, by reason), "small" and "copies" (files).

    Raises:
        InputError: `size` or `root` is not what it must be, a file has changed since it was recorded, the data set that
            is there was prepared otherwise, or there are not crops of two specimens, of which one validates.
    """
    cuts.check_size(size)
    if not os.path.isdir(root):
        _check_specimens(sources)  # before there is a folder
    open_root(Path(root), "the prepared data set")
    try:
        with locks.held(os.path.join(root, LOCK_FILE)):
            return _prepare(sources, Record(root), {"version": VERSION, "size": size, "image": image}, overwrite, tell)
    except locks.Taken as holder:
        raise InputError(f"{root}: expected nobody else to prepare it, found {holder}") from None


def _prepare(
    sources: Sequence[Source], record: Record, settings: dict[str, Any], overwrite: bool, tell: Callable[[Told], None]
) -> dict[str, Any]:
    if overwrite and record.settings() is not None or not _is_prepared(record, settings):
        _remove(record)
    index = Index(record)
    held = {source for source in sources if index.holds(source.path, record.root)}
    new = [source for source in sources if source not in held]
    _check_specimens(sources, index.specimens)
    for source in filter(held.__contains__, sources):
        tell(_told(source, skipped=True))
    cut = os.path.join(record.root, CUT)
    begun, files = os.path.isdir(cut), index.files
    if not new and not begun:
        return record.summary()
    for folder in (record.root, *(os.path.join(record.root, split) for split in SPLITS), cut):
        os.makedirs(folder, exist_ok=True)
        clear(folder)
    if record.settings() is None:
        record.write_summary({**settings, "dlss_tf": __version__})
    _cut_all(new, record, settings, index, tell)
    if index.files == files and files and not begun:  # none could be read
        shutil.rmtree(cut)  # with crops of files that are damaged further on
        return record.summary()
    return _split_all(record, settings)


def _is_prepared(record: Record, settings: dict[str, Any]) -> bool:
    """Whether there is a data set of these settings, or the beginning of one, or nothing; InputError for another one.

    False of the beginning of another one.
    """
    found = record.settings()
    if found is None:
        there = [split for split in SPLITS if _has_tiffs(os.path.join(record.root, split))]
        if there:
            raise InputError(
                f"{record.root}: expected a new folder or a prepared data set, found TIFFs in {there[0]}, no {SUMMARY}"
            )
        return True
    for name, expected in settings.items():
        if found[name] != expected:
            if "crops" not in record.summary():
                return False
            raise InputError(
                f"{record.root}: expected a data set prepared with {name} {expected}, found {found[name]}; "
                "choose another --out, or --overwrite prepares it anew"
            )
    return True


def _has_tiffs(folder: str) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return any(is_tiff(entry.name) for entry in entries)
    return False


def _remove(record: Record) -> None:
    """The data set, as far as it is recorded: no other file."""
    if record.settings() is None:
        return
    for entry in record.entries():
        for crop in entry["crops"]:
            for split in SPLITS if "name" in crop else ():
                with contextlib.suppress(FileNotFoundError):
                    os.remove(os.path.join(record.root, split, crop["name"]))
    shutil.rmtree(os.path.join(record.root, CUT), ignore_errors=True)
    for name in (SHEET, LINES, SUMMARY):
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(record.root, name))


def _cut_all(
    sources: Sequence[Source], record: Record, settings: dict[str, Any], index: Index, tell: Callable[[Told], None]
) -> None:
    """Cut and record each file; what cannot be read is told, and tried again next time."""
    progress = Progress("prepared files", len(sources))
    for done, source in enumerate(sources, 1):
        told = _told(source)
        with gathered() as told["warnings"]:
            try:
                entry = cut_file(source, os.path.join(record.root, CUT), settings["size"], settings["image"], index)
            except Exception as error:  # of a reader, of a full disk: the next one may do
                told["error"] = sentence(source.path, error)
            else:
                record.add(entry)
                index.add(entry)
                told |= _counts(entry)
        tell(told)
        progress.update(done)


def _told(source: Source, skipped: bool = False) -> Told:
    told: Told = {"source": source.path, "specimen": source.specimen, "crops": None, "left_out": {}}
    return {**told, "skipped": skipped, "warnings": [], "error": None}


def _counts(entry: Entry) -> dict[str, Any]:
    """How many crops of a file are kept, how many are left out, and why; or why the file is."""
    left_out = Counter(crop["left_out"] for crop in entry["crops"] if "left_out" in crop)
    if "left_out" in entry:
        left_out[entry["left_out"]] += 1
    return {"crops": sum("name" in crop for crop in entry["crops"]), "left_out": dict(sorted(left_out.items()))}


def _split_all(record: Record, settings: dict[str, Any]) -> dict[str, Any]:
    """Record every specimen's split, move its crops there, and sum up."""
    chosen = _chosen(record)
    record.replace({**entry, "split": chosen.get(entry["specimen"])} for entry in record.entries())
    by_split: dict[str, Counter[str]] = {name: Counter(dict.fromkeys(SPLITS, 0)) for name in ("crops", "files")}
    left_out: Counter[str] = Counter()
    for entry in record.entries():
        _move(record.root, entry)
        counts = _counts(entry)
        left_out.update(counts["left_out"])
        if counts["crops"]:
            by_split["crops"][entry["split"]] += counts["crops"]
            by_split["files"][entry["split"]] += 1
    specimens = Counter(chosen.values())
    for split in SPLITS:
        flush_folder(os.path.join(record.root, split))
    files = {"small": left_out.pop(SMALL, 0), "copies": left_out.pop(COPY, 0)}
    summary = {**settings, "dlss_tf": __version__, **{name: dict(count) for name, count in by_split.items()}}
    summary |= {"specimens": {split: specimens[split] for split in SPLITS}, "left_out": dict(sorted(left_out.items()))}
    summary |= files
    record.write_summary(summary)
    sheet.write(os.path.join(record.root, SHEET), record, settings["size"])
    shutil.rmtree(os.path.join(record.root, CUT))
    return summary


def _chosen(record: Record) -> dict[str, str]:
    """The split of every specimen with crops; InputError unless one trains and another one validates."""
    crops: Counter[str] = Counter()
    alike, given, largest, files = [], {}, 0, 0
    for entry in record.entries():
        files += 1
        crops[entry["specimen"]] += _counts(entry)["crops"]
        alike += [(entry["specimen"], other) for other in entry.get("like", ())]
        if entry["split"]:
            given[entry["specimen"]] = entry["split"]
        if entry.get("left_out") == SMALL:
            largest = max(largest, *(min(image["shape"][-2:]) for image in entry["images"]))
    alike += looks.alike(_looks(record, crops))
    assigned = splits.assign(crops, alike, given)
    chosen = {name: assigned[name] for name, count in crops.items() if count}
    held = set(chosen.values())
    if "train" not in held or "val" not in held:
        found = f"crops of {len(chosen)}" + (f", which show the same or are all in {held.pop()}" if held else "")
        side = largest // cuts.MULTIPLE * cuts.MULTIPLE
        hint = f"; --size {side} takes files that are left out as too small" if side >= cuts.LEAST else ""
        raise InputError(_too_few(found, files > len(crops)) + hint)
    return chosen


def _looks(record: Record, crops: Counter[str]) -> Iterator[tuple[str, str]]:
    """Of images that crops were taken of, their specimens and what they look like."""
    for entry in record.entries():
        if crops[entry["specimen"]]:
            yield from ((entry["specimen"], image["looks"]) for image in entry["images"] if "looks" in image)


def _check_specimens(sources: Sequence[Source], there: Set[str] = frozenset()) -> None:
    names = there | {source.specimen for source in sources}
    if len(names) < 2:
        raise InputError(_too_few(f"one, {next(iter(names))}" if names else "none", len(sources) > len(names)))


def _too_few(found: str, by_folder: bool) -> str:
    other = "; if the files of a folder are of several specimens, say so by --split-by file" if by_folder else ""
    return (
        "expected images of two specimens or more, one to train on and another one to validate on, "
        f"found {found}; no image is divided between the two, so give more files or folders{other}"
    )


def _move(root: str, entry: Entry) -> None:
    """A file's crops from where they were cut to their split; those that are not there were moved, or removed."""
    for name in _names(entry):
        with contextlib.suppress(FileNotFoundError):
            os.replace(os.path.join(root, CUT, name), os.path.join(root, entry["split"], name))


def _names(entry: Entry) -> Iterator[str]:
    return (crop["name"] for crop in entry["crops"] if "name" in crop)
