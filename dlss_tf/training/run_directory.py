"""A run directory before its first iteration, or before it goes on: made, or checked."""

from __future__ import annotations

import os

from .. import weights
from ..config import CONFIG_FILE, RULES, SIMULATED_COUNTS, Config
from ..data.files import list_files
from ..errors import InputError
from ..simulation.dataset import simulate_dataset

SIMULATED_DATA = os.path.join("data", "simulated")


def prepare(config: Config, run: str, resume: bool) -> Config:
    """Make the run directory, or check that it can be continued. Returns the config with its data in place.

    Without data, simulated crops are made first.

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
        simulate_dataset(SIMULATED_DATA, SIMULATED_COUNTS[config.preset])
    for split in ("train", "val"):
        list_files(config.data, split)  # bad data is refused before anything is written
    config.save_in(run)
    return config


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
