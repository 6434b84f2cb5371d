"""A run directory before its first iteration, or before it goes on: made, or checked."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Iterator

from .. import weights
from ..config import CONFIG_FILE, RULES, SIMULATED_COUNTS, Config
from ..data.files import digest_of_files, list_files
from ..errors import InputError
from ..formats import locks
from ..formats.json_file import read_json
from ..formats.replacing import clear, replacing
from ..simulation.dataset import simulate_dataset
from . import checkpoints

SIMULATED_DATA = os.path.join("data", "simulated")
NON_ADVERSARIAL = "non-adversarial"  # folder in the run directory: the generator before its adversarial half
LOCK_FILE = ".lock"  # held while the run is trained
DATA_FILE = "data.json"  # the data that the run was begun with


@contextlib.contextmanager
def alone(run: str) -> Iterator[None]:
    """Nobody else trains the run meanwhile; what a killed process has left in it is removed.

    A folder that is made for it goes again if nothing comes into it.

    Raises:
        InputError: another process does, or the folder cannot be written.
    """
    made = []
    folder = os.path.abspath(run)
    while not os.path.lexists(folder):
        made.append(folder)
        folder = os.path.dirname(folder)
    try:
        with _locked(run) as locks_work:
            if locks_work:
                _clear(run)
            else:
                warnings.warn(f"run {run}: this file system has no locks; train it in one process alone", stacklevel=3)
            yield
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


@contextlib.contextmanager
def _locked(run: str) -> Iterator[bool]:
    with contextlib.ExitStack() as stack:
        try:
            os.makedirs(run, exist_ok=True)
            locks_work = stack.enter_context(locks.held(os.path.join(run, LOCK_FILE)))
        except locks.Taken as holder:
            raise InputError(f"run {run}: expected nobody else to train it, found {holder}") from None
        except OSError as error:
            raise InputError(f"run {run}: expected a folder that can be written, found: {error.strerror}") from None
        yield locks_work


def _clear(run: str) -> None:
    checkpoints.clear(run)
    for folder in ("", checkpoints.FOLDER, "weights", NON_ADVERSARIAL, os.path.join(NON_ADVERSARIAL, "weights")):
        clear(os.path.join(run, folder))


def prepare(config: Config, run: str, resume: bool) -> Config:
    """Make the run directory, or check that it can be continued. Returns the config with its data in place.

    Without data, simulated crops are made first. Warns of data that changed since the run was begun.

    Raises:
        InputError: bad data, a run that exists when `resume` is off, one that was begun with another config or by other
            training rules, or weights to start from that do not fit.
    """
    path = os.path.join(run, CONFIG_FILE)
    if os.path.exists(path):
        if not resume:
            raise InputError(f"run {run}: holds a run already; continue it with --resume or choose another --run")
        begun = Config.load(path)
        config = config.replace(data=config.data or begun.data)
        _check_same(begun, config, run)
    else:
        _check_rules(config)
        config = config.replace(data=config.data or (SIMULATED_DATA,))
        if config.start_from:
            _check_fits(config)
    if config.data == (SIMULATED_DATA,):
        simulate_dataset(SIMULATED_DATA, SIMULATED_COUNTS.get(config.preset, SIMULATED_COUNTS["quick"]))
    data = _data(config)  # bad data is refused before anything is written
    config.save_in(run)
    _compare(data, run)
    return config


def check_not_lost(run: str) -> None:
    """InputError if checkpoints that the run has saved are gone, or the file that is written with each of them.

    No kill takes them away, so somebody did; what is left may be another's, and nothing is trained again unasked.
    """
    folder, found = os.path.join(run, checkpoints.FOLDER), checkpoints.saved(run)
    trained = os.path.exists(os.path.join(run, weights.FILE))  # written after the first checkpoint, and its note
    if found and trained and not checkpoints.noted(run):
        raise InputError(
            f"{os.path.join(folder, checkpoints.NOTE)}: expected the file that is written with every checkpoint, found "
            f"none; if {os.path.basename(found[0])} is this run's latest, make an empty one, and it goes on from there"
        )
    if not found and (trained or checkpoints.noted(run)):
        raise InputError(
            f"run {run}: expected a checkpoint in {folder}, found none, though it has saved some; bring it back, or "
            "begin anew in another --run"
        )


def _data(config: Config) -> dict[str, dict[str, int | str]]:
    """What tells a run's data from other data: names, sizes and times of last change, of each split."""
    found: dict[str, dict[str, int | str]] = {}
    for split in ("train", "val"):
        files = list_files(config.data, split)
        found[split] = {"files": len(files), "digest": digest_of_files(files)}
    return found


def _compare(data: dict[str, dict[str, int | str]], run: str) -> None:
    """Warn if the run was begun with other data; note what it is begun with. One begun before data was noted: now."""
    path = os.path.join(run, DATA_FILE)
    try:
        begun = read_json(path)
    except FileNotFoundError:
        with replacing(path) as beside, open(beside, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=2)
        return
    except (OSError, ValueError):
        begun = None
    if begun != data:
        changed = [split for split in data if not isinstance(begun, dict) or begun.get(split) != data[split]]
        counts = ", ".join(f"{split} {_count(begun, split)} then, {data[split]['files']} now" for split in changed)
        warnings.warn(
            f"run {run}: its data changed since it was begun, in names, sizes or times of last change (files: "
            f"{counts}); what follows is not what the run would have been",
            stacklevel=3,
        )


def _count(begun: object, split: str) -> object:
    noted = begun.get(split) if isinstance(begun, dict) else None
    return noted.get("files", "unknown") if isinstance(noted, dict) else "unknown"


def _check_rules(config: Config) -> None:
    if config.rules != RULES:
        raise InputError(f"rules: expected {RULES}, the edition that this version trains by, found {config.rules}")


def _check_same(begun: Config, asked: Config, run: str) -> None:
    """InputError unless the run was begun by the rules and with the options by which it is to go on."""
    if begun.rules != RULES:
        raise InputError(
            f"run {run}: expected one begun by edition {RULES} of the training rules, found edition {begun.rules}; "
            f"its weights can be trained further in a new run: dlss-tf train --run NEW --start-from {run}"
        )
    for name in vars(begun):
        added = name == "adversarial" and asked.adversarial
        if name != "checkpoint_minutes" and not added and getattr(begun, name) != getattr(asked, name):
            raise InputError(
                f"run {run}: was begun with {name} {getattr(begun, name)}, found {getattr(asked, name)}; "
                "resume it with the options it was begun with, or choose another --run"
            )


def _check_fits(config: Config) -> None:
    """InputError unless the weights to start from are of a generator like this run's."""
    found, _ = weights.load(config.start_from)
    of_factors = ["factors"] if config.network != "two-stage" else []
    for name in ("network", "width", "upsampling", "activation", "bias", *of_factors):
        if getattr(found, name) != getattr(config, name):
            raise InputError(
                f"start_from {config.start_from}: expected weights of a generator with {name} {getattr(config, name)}, "
                f"as this run's, found {getattr(found, name)}"
            )
