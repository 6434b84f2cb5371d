"""`dlss-tf train`."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ..config import CHOICES, CONFIG_FILE, PRESETS, STRATEGIES, Config, preset
from ..errors import InputError
from ..weights import PAPERS
from . import factors
from .exits import INTERRUPTED
from .options import DATA_HELP, add_renamed
from .tensorflow import start_tensorflow

SUMMARY = "train a generator, or continue a run"
EXAMPLES = (
    "dlss-tf train --run runs/mine --data my_scans    # begins",
    "dlss-tf train --run runs/mine --resume           # goes on, if it was stopped",
    "dlss-tf train --run runs/mine --data my_scans --start-from    # from the pretrained generator's weights",
    "dlss-tf train --run runs/mine --strategy mirrored    # on all GPUs of this machine",
)


def _one_factor(text: str) -> tuple[int]:
    return (factors.one(text),)


#: Options that set a field of the run's config.json: the field, the option, its words. `--set` sets any other.
FIELDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "data",
        "--data",
        {
            "action": "append",
            "metavar": "FOLDER",
            "help": f"{DATA_HELP}; without it simulated crops are made and used",
        },
    ),
    (
        "start_from",
        "--start-from",
        {
            "nargs": "?",
            "const": PAPERS,
            "metavar": "RUN",
            "help": "train the generator of a run directory, or a pretrained one, further on other data; "
            f"{PAPERS} if no RUN is named",
        },
    ),
    (
        "iterations",
        "--iterations",
        {"type": int, "metavar": "N", "help": "length of the schedule, 8 or more (the preset's)"},
    ),
    (
        "network",
        "--network",
        {
            "choices": CHOICES["network"],
            "help": "two-stage, the paper's fig. 11 (the default); one-stage, fig. 9's for one coverage; or scan-grid, "
            "ours, better and faster",
        },
    ),
    (
        "seed",
        "--seed",
        {"type": int, "metavar": "N", "help": "of weights, data order, coverages and replay, 0 to 2147483647 (0)"},
    ),
    (
        "factors",
        "--factor",
        {
            "type": _one_factor,
            "metavar": "S",
            "help": "train for one coverage alone, 1/S^2: 2 to 16, for scan-grid 2 to 12 (two-stage: all from 4 to 10; "
            "scan-grid: all from 2 to 12; one-stage: 5)",
        },
    ),
    (
        "objective",
        "--objective",
        {"choices": CHOICES["objective"], "help": "eq. 3's blurred targets (the default) or eq. 6's as they are"},
    ),
    (
        "adversarial",
        "--adversarial",
        {
            "action": "store_true",
            "help": "fine-tune adversarially for as many iterations again, at once what --start-from names; "
            "with --resume also a run begun without",
        },
    ),
    (
        "average_weights",
        "--average-weights",
        {
            "nargs": "?",
            "const": 0.999,
            "type": float,
            "metavar": "DECAY",
            "help": "save, and validate, a moving average of the generator's weights; 0.999 if no DECAY is named "
            "(its last weights; scan-grid: 0.999)",
        },
    ),
    ("mixed_precision", "--mixed-precision", {"action": "store_true", "help": "convolutions in bfloat16"}),
    ("xla", "--xla", {"action": "store_true", "help": "compile the training step with XLA"}),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--run`, `--preset`, `--resume`, `--stop-at`, and the fields of a run's configuration."""
    parser.add_argument(
        "--run",
        dest="run_directory",
        required=True,
        metavar="RUN",
        help="run directory, to be made or resumed: configuration, checkpoints, logs, weights",
    )
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        help="how long and how wide: quick, minutes; small, an hour or two; paper, weeks on a GPU (quick, or what is "
        "resumed)",
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in --run, if there is one")
    parser.add_argument(
        "--stop-at", type=int, metavar="N", help="stop when N iterations of the schedule are done, 1 or more (all)"
    )
    parser.add_argument(
        "--strategy",
        choices=STRATEGIES,
        help="share each batch: mirrored, by all GPUs of this machine; multiworker, by those of all machines that "
        "TF_CONFIG or a SLURM job step names, each of which runs this command (one device); a run goes on with either "
        "or neither",
    )
    for field, option, words in FIELDS:
        parser.add_argument(option, dest=field, default=None, **words)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other field of the run's config.json, as `dlss-tf info --preset quick` lists them",
    )
    add_renamed(parser, "--steps", "--stop-at", "stop_at", type=int)
    add_renamed(parser, "--coverage", "--factor", "factors", type=_one_factor)


def run(arguments: argparse.Namespace) -> int:
    """Train; how to continue if that ended early."""
    config = _config(arguments)
    replicas = start_tensorflow(arguments.strategy)
    from ..training.distribution import is_chief
    from ..training.trainer import train

    run = arguments.run_directory
    ended = train(config, run, resume=arguments.resume, stop_at=arguments.stop_at, on=replicas)
    if not is_chief(replicas):
        return INTERRUPTED if ended == "interrupted" else 0
    print(f"{arguments.run_directory}: training {ended}")
    if ended != "complete":
        print(f"Continue it with: dlss-tf train --run {arguments.run_directory} --resume")
    return INTERRUPTED if ended == "interrupted" else 0


def _config(arguments: argparse.Namespace) -> Config:
    changes: dict[str, Any] = {}
    for setting in arguments.set:
        name, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"--set: expected NAME=VALUE, found {setting!r}")
        changes[name] = value
    given = {field: getattr(arguments, field) for field, _, _ in FIELDS}
    changes |= {field: value for field, value in given.items() if value is not None}
    return _begun_or_preset(arguments).replace(**changes)


def _begun_or_preset(arguments: argparse.Namespace) -> Config:
    """The config of the run to resume, so that its options need not be given again; else the preset's."""
    path = os.path.join(arguments.run_directory, CONFIG_FILE)
    if arguments.resume and os.path.exists(path):
        begun = Config.load(path)
        if arguments.preset in (None, begun.preset):
            return begun
    return preset(arguments.preset or "quick", arguments.network)
