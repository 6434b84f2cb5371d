"""A trained generator trained further on one's own scans, for as long as validation images say that it pays."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tensorflow import keras

from .. import weights
from .._compat import arrays, assign
from ..config import CONFIG_FILE, Config
from ..data.files import digest_of_files, list_files
from ..errors import InputError, TrainingStopped, warn
from ..formats import locks
from ..formats.digests import of_file
from ..formats.drawing import evenly_spaced
from ..formats.json_file import read_json
from ..formats.replacing import replacing
from ..models import generators
from ..training.settings import finetuning
from ..training.trainer import train
from ..training.validation import root_mses
from .evaluate import default_factors
from .finetuned import change, ratio, report
from .images import central_crops, label
from .results import results_folder, software, write_json

RECORD = "finetune.json"  # in the run directory: what it was trained from, on what, and what came of it
PREPARED = "prepare.jsonl"  # in a data folder that `dlss-tf prepare` made: what came from where
TRAINING = "training"  # folder in it: the run of `train` behind it
MOST_LOOKED_AT = 16  # validation images, between iterations
LOOK_EVERY, LOOKED_AT = 50, 20  # iterations for so many images times coverages, so that most of the time it is trained
PATIENCE = 500  # iterations, and at least `LEAST_LOOKS` looks, after the best one, after which it ends
LEAST_LOOKS = 4
LEAST_GAIN = 1e-3  # of root MSE on validation images; with less, what it started from is kept
SHARES = (1.0, 0.5, 0.25)  # of the way from what it started from, tried until nowhere worse than that


def finetune(
    data: Sequence[str], run: str, start: str | None = None, *, minutes: float = 20.0, seed: int = 0
) -> dict[str, Any]:
    """Train a generator further on the training split of `data`; the best on its validation split is in `run`.

    `start` is a run directory or a pretrained generator's name; the pretrained one if None. Whenever this ends, `run`
    holds a generator as close as `start` on the validation split, at every coverage looked at, or closer: first `start`
    itself. It ends after `minutes`, those of all calls together, or when nothing better has come for long, or by SIGINT
    after the iteration under way; the same call goes on where it was, with more `minutes`, say.

    A generator that is worse at a coverage is tried half and a quarter of the way from `start`: means of weights of the
    two, which are often closer than either.

    Returns what is in `finetune.json`: `ended` says why; `validation` and, where there is such a split, `test` have the
    errors before and after. Unless it was interrupted, there is a model card, too, and if the generator is another one
    now, a sheet of images before and after.

    Raises:
        InputError: bad weights, data or arguments, or a run that is no such one or was begun otherwise.
    """
    if not (minutes > 0 and math.isfinite(minutes)):
        raise InputError(f"minutes: expected a positive number, found {minutes}")
    start = start or weights.PRETRAINED
    files = {"train": list_files(data, "train"), "val": list_files(data, "val"), "test": _test_files(data)}
    if len(files["val"]) == 1:
        warn(f"{files['val'][0]}: the only validation image, thin evidence of what is better", stacklevel=2)
    config = finetuning(start, data, [path for split in files.values() for path in split], seed)
    with results_folder(run), locks.of(os.path.join(run, RECORD)):
        looks = _Looks(run, config, _begun(run, start, data, files, seed), files["val"], minutes)
        looks.record["ended"] = _trained(config, run, looks)
        if looks.record["ended"] != "interrupted":
            report(looks.record, run, start, config, files)
        looks.save()
    return looks.record


def _test_files(data: Sequence[str]) -> list[str]:
    """Of the roots that have such a split."""
    found = []
    for root in data:
        with contextlib.suppress(InputError):
            found += list_files([root], "test")
    return found


def _begun(run: str, start: str, data: Sequence[str], files: Mapping[str, Sequence[str]], seed: int) -> dict[str, Any]:
    """The record of a run that is begun, with the weights to start from in it, or of one that goes on."""
    asked = {
        "start": weights.identity(start),
        "seed": seed,
        "data": {split: {"files": len(each), "digest": digest_of_files(each)} for split, each in files.items()},
    }
    path = os.path.join(run, RECORD)
    if not os.path.exists(path):
        if os.path.exists(os.path.join(run, CONFIG_FILE)):
            raise InputError(f"run {run}: expected a new folder, or one that finetune made, found another run")
        _keep(start, run)
        prepared = {root: os.path.join(root, PREPARED) for root in data}
        asked["prepared"] = {root: of_file(path) for root, path in prepared.items() if os.path.isfile(path)}
        record = {**asked, "checks": {}, "shares": {}, "seconds": 0.0, "delivered": 0, **software()}
        write_json(path, record)
        return record
    try:
        record = dict(read_json(path))
        begun = {name: record[name] for name in asked}
    except (OSError, ValueError, TypeError, KeyError):
        raise InputError(f"{path}: expected what finetune wrote, found something else") from None
    for name, words in (("start", "other weights"), ("seed", "another seed"), ("data", "other data")):
        if begun[name] != asked[name]:
            raise InputError(f"run {run}: was begun with {words}; give it these again, or choose another --run")
    return record


def _keep(start: str, run: str) -> None:
    """Put a generator into `run` as it is."""
    folder = weights.find(start)
    for name in (CONFIG_FILE, weights.SPREAD_FILE, weights.FILE):
        if os.path.isfile(os.path.join(folder, name)):
            path = os.path.join(run, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with replacing(path) as beside:
                shutil.copyfile(os.path.join(folder, name), beside)


def _trained(config: Config, run: str, looks: _Looks) -> str:
    """Why it ended."""
    try:
        ended = train(config, os.path.join(run, TRAINING), resume=True, watch=looks)
    except TrainingStopped as error:  # what was the best until then stays so
        if not looks.record["checks"]:
            raise
        warn(str(error))
        return "failed"
    return "interrupted" if ended == "interrupted" else looks.why or "complete"


class _Looks:
    """Looks at validation images between iterations: keeps the best generator, says when to end."""

    def __init__(self, run: str, config: Config, record: dict[str, Any], files: Sequence[str], minutes: float) -> None:
        self.run, self.config, self.record, self.minutes = run, config, record, minutes
        self.start = weights.load(config.start_from)[1]
        chosen = [files[i] for i in sorted(evenly_spaced(MOST_LOOKED_AT, len(files)))]
        self.crops = [crop for _, crop in central_crops(chosen, config.size)]
        self.factors = [s for s in default_factors(config) if s in config.factors] or list(config.factors)
        self.every = LOOK_EVERY * math.ceil(len(self.crops) * len(self.factors) / LOOKED_AT)
        self.patience = max(PATIENCE, LEAST_LOOKS * self.every)
        self.began = time.monotonic() - record["seconds"]
        self.why = ""
        record["looked_at"] = len(self.crops)

    def __call__(self, iteration: int, generator: keras.Model) -> bool:
        """Whether it is time to end, of which `why` says the reason."""
        late = self._seconds() > 60 * self.minutes
        if (late or iteration % self.every == 0) and str(iteration) not in self.record["checks"]:
            self._look(iteration, generator)
        if late:
            self.why = "out of time"
        elif iteration - int(min(self.record["checks"], key=self._ratio)) >= self.patience:
            self.why = "no longer better"
        return bool(self.why)

    def save(self) -> None:
        """Write the record."""
        self.record["seconds"] = round(self._seconds(), 1)
        write_json(os.path.join(self.run, RECORD), self.record)

    def _seconds(self) -> float:
        return time.monotonic() - self.began

    def _ratio(self, iteration: str) -> float:
        checks = self.record["checks"]
        return ratio(checks["0"], checks[iteration])

    def _look(self, iteration: int, generator: keras.Model) -> None:
        """At all of the way from what it started from and, where that is worse at a coverage, at less of it."""
        checks, name = self.record["checks"], str(iteration)
        for share in SHARES:
            tried = generator if share == 1 else self._part_way(generator, share)
            errors = root_mses(self.config, tried, self.crops, self.factors)
            now = {label(s): error for s, error in errors.items()}
            before = checks.setdefault("0", now)
            nowhere_worse = all(now[coverage] <= before[coverage] for coverage in before)
            if share == 1 or nowhere_worse:
                checks[name], self.record["shares"][name] = now, share
            if nowhere_worse:
                break
        least = min(self._ratio(str(self.record["delivered"])), 1 - LEAST_GAIN)
        if nowhere_worse and self._ratio(name) < least:
            self._deliver(iteration, tried)
        self.save()
        if iteration:
            self._say(iteration)

    @functools.cached_property
    def _between(self) -> keras.Model:
        """Built when it is needed first, and once, as that takes seconds."""
        return generators.build(self.config).generator

    def _part_way(self, generator: keras.Model, share: float) -> keras.Model:
        """The generator so far on the way of the weights from what it started from; the same object each time."""
        trained = arrays(generator)
        assign(self._between, {name: (1 - share) * self.start[name] + share * trained[name] for name in trained})
        return self._between

    def _say(self, iteration: int) -> None:
        checks, share = self.record["checks"], self.record["shares"][str(iteration)]
        now, best = (change(checks["0"], checks[str(each)]) for each in (iteration, self.record["delivered"]))
        way = f" at {share:.0%} of the way" if share < 1 else ""
        print(f"finetune: {self._seconds() / 60:.1f} of {self.minutes:g} min | iteration {iteration} | "
              f"validation {now}{way}, best {best}", file=sys.stderr, flush=True)  # fmt: skip

    def _deliver(self, iteration: int, generator: keras.Model) -> None:
        """The run's generator from now on; what tells errors of the one before says nothing of this one's."""
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(self.run, weights.SPREAD_FILE))
        weights.save(self.run, arrays(generator))
        self.config.save_in(self.run)
        self.record["delivered"] = iteration
