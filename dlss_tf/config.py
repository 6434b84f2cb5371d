"""All that defines a run, as plain data, and the presets. Saved as `config.json` in every run directory."""

from __future__ import annotations

import dataclasses
import json
import os
import reprlib
from collections.abc import Iterable
from typing import Any, get_args, get_type_hints

from .coverages import EQUATION_1, p_raw
from .errors import InputError
from .formats.json_file import read_json
from .suggestions import did_you_mean

CONFIG_FILE = "config.json"  # in every run directory
RULES = 2  # edition of the training rules; a config.json that names none is of edition 1
MOST, MOST_A_SIDE = 2**53, 2**16  # beyond which no field's number has a meaning; nor size or batch

CHOICES = {
    "network": ("two-stage", "one-stage", "scan-grid"),
    "objective": ("blur", "no-blur"),
    "discriminator_head": ("linear", "sum"),
    "upsampling": ("transposed", "bilinear"),
    "activation": ("relu", "leaky"),
    "subtract": ("batch", "running", "image"),
    "schedule": ("falling", "constant"),
    "intensity_reference": ("crop", "scan"),
}


#: How a run is shared by devices, which is no field of it: it may go on with others.
STRATEGIES = ("mirrored", "multiworker")


@dataclasses.dataclass(frozen=True)
class Config:
    """The `paper` preset is the default of every field (paper section II, Table 1; method.md sections 1 to 8)."""

    preset: str = "paper"
    data: tuple[str, ...] = ()  # roots in the STEM Crops layout; empty: simulated crops
    start_from: str = ""  # run directory, or name of a pretrained generator, whose weights are trained further
    balance_data: bool = False  # visit each of `data`'s folders as often, however many files it holds
    augment: bool = False  # vary magnification, contrast and dose of the training crops
    size: int = 512  # side of the training crops in px, a multiple of 32
    batch: int = 1
    factors: tuple[int, ...] = (4, 5, 6, 7, 8, 9, 10)  # s, each as likely; coverage is 1/s^2
    network: str = "two-stage"  # the generator: fig. 11, fig. 9's for a single coverage, or ours on the scan's grid
    intensity_reference: str = "crop"  # scale of the target: the crop's own [0, 1], or the scan's
    width: float = 1.0  # multiplies every channel count
    upsampling: str = "transposed"
    activation: str = "relu"  # of the two-stage networks: the paper's, or the published code's leaky ReLU
    subtract: str = "batch"  # mean subtracted in training until frozen: batch, running, or each image's own
    balance_errors: bool = False  # divide each example's losses by bilinear interpolation's error too
    bias: bool = False  # a learned bias after the mean is subtracted
    freeze_at: float = 1.0  # where running means freeze, as a fraction of `iterations`
    iterations: int = 1_000_000  # updates in the non-adversarial half of Table 1; validation steps do not count
    learning_rate: float = 3e-4  # of the generator at the start; Table 1's other rates keep their ratio to it
    schedule: str = "falling"  # of the rate: the network's own, or finetune's, which rises at once and stays
    objective: str = "blur"  # eq. 3, blurred targets; or eq. 6, targets as they are, with the MSE predictor
    adversarial: bool = False  # add Table 1's second half, as many iterations again; of `start_from`'s it is all
    discriminator_head: str = "linear"  # fig. 12's linear layer, or the published code's sum of features
    p_coefficients: tuple[float, ...] = EQUATION_1  # of 1, c and c^2 in eq. 1; `dlss-tf fit-p` fits them
    track_p: bool = False  # p(c) from moving averages of each coverage's MSE, in place of eq. 1
    average_predictor: float = 0.0  # decay of the averaged weights that M predicts with; 0: its own weights
    average_weights: float = 0.0  # as well, of those that the generator is validated and saved with; 0: its own
    mixed_precision: bool = False  # convolutions in bfloat16, variables and losses in float32
    xla: bool = False  # compile the training step with XLA
    seed: int = 0
    checkpoint_minutes: float = 15.0
    rules: int = RULES  # edition of the training rules that the run was begun by: no choice, new runs take the latest

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            _check_choice(name, getattr(self, name), choices)
        _check(self.size >= 32 and self.size % 32 == 0, "size", "a multiple of 32 px, at least 32", self.size)
        _check(self.batch >= 1, "batch", "at least 1", self.batch)
        for name in ("size", "batch"):
            _check(getattr(self, name) <= MOST_A_SIDE, name, f"at most {MOST_A_SIDE}", getattr(self, name))
        _check(0 < self.width <= 4, "width", "a number in (0, 4]", self.width)
        _check(self.iterations >= 8, "iterations", "at least 8", self.iterations)
        _check(self.freeze_at >= 0, "freeze_at", "a fraction of the iterations, 0 or more", self.freeze_at)
        _check(self.learning_rate > 0, "learning_rate", "a positive number", self.learning_rate)
        for name in ("average_predictor", "average_weights"):
            _check(0 <= getattr(self, name) < 1, name, "a decay in [0, 1)", getattr(self, name))
        _check(self.checkpoint_minutes > 0, "checkpoint_minutes", "a positive number", self.checkpoint_minutes)
        _check(0 <= self.seed < 2**31, "seed", "a whole number from 0 to 2147483647", self.seed)
        _check(
            len(self.factors) > 0 and all(2 <= s <= min(16, self.size) for s in self.factors),
            "factors",
            "whole numbers from 2 to 16",
            list(self.factors),
        )
        _check(
            len(self.p_coefficients) == 3 and all(p_raw(1 / s**2, self.p_coefficients) > 0 for s in self.factors),
            "p_coefficients",
            "three numbers whose polynomial is positive at each coverage",
            list(self.p_coefficients),
        )
        _check(1 <= self.rules <= RULES, "rules", f"{RULES}, the edition that this version trains by", self.rules)
        if self.network == "one-stage":
            self._check_one_stage()
        if self.network == "scan-grid":
            self._check_scan_grid()

    def _check_one_stage(self) -> None:
        """Section IV: a one-stage generator is for one coverage, trained by eq. 11 in the scan's own scale."""
        name = "a one-stage generator's"
        _check(len(self.factors) == 1, f"{name} factors", "one whole number", list(self.factors))
        _check(self.objective == "blur", f"{name} objective", "blur", self.objective)
        _check(not self.adversarial, f"{name} adversarial", "false", self.adversarial)
        _check(self.activation == "relu", f"{name} activation", "relu", self.activation)
        _check(not self.balance_errors, f"{name} balance_errors", "false", self.balance_errors)
        _check(self.intensity_reference == "scan", f"{name} intensity_reference", "scan", self.intensity_reference)

    def _check_scan_grid(self) -> None:
        """Method.md, section 10: trained by the blurred targets in the scan's own scale."""
        name = "a scan-grid generator's"
        _check(max(self.factors) <= 12, f"{name} factors", "whole numbers from 2 to 12", list(self.factors))
        _check(self.objective == "blur", f"{name} objective", "blur", self.objective)
        _check(not self.adversarial, f"{name} adversarial", "false", self.adversarial)
        _check(self.intensity_reference == "scan", f"{name} intensity_reference", "scan", self.intensity_reference)
        least = 8 * max(self.factors)
        _check(self.size >= least, f"{name} size", f"at least {least} px, 8 samples a side", self.size)

    @property
    def total_iterations(self) -> int:
        """Length of the whole schedule: the non-adversarial half, and the adversarial one where it is asked for."""
        return 2 * self.iterations if self.adversarial else self.iterations

    def replace(self, /, **changes: Any) -> Config:
        """A copy with some fields changed.

        Raises:
            InputError: an unknown field or a value out of range.
        """
        hints = get_type_hints(Config)
        for name, value in changes.items():
            if name not in hints:
                near = did_you_mean(name, hints)
                raise InputError(f"config: unknown field {name!r}{near or '; known are ' + ', '.join(hints)}")
            changes[name] = _convert(name, value, hints[name])
        return dataclasses.replace(self, **changes)

    def to_json(self) -> str:
        """All fields, as `config.json` has them."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @staticmethod
    def load(path: str) -> Config:
        """Read a `config.json`; one that names no edition of the rules is of the first, and its weights load as ever.

        Raises:
            InputError: the file is missing or not a config; it names the file.
        """
        try:
            fields = read_json(path)
        except OSError as error:
            raise InputError(f"{path}: expected a run's configuration, found {str(error.strerror).lower()}") from None
        except ValueError:
            raise InputError(f"{path}: expected JSON written by dlss-tf, found something else") from None
        if not isinstance(fields, dict):
            raise InputError(f"{path}: expected a JSON object written by dlss-tf, found {type(fields).__name__}")
        if "average" in fields:
            fields["average_weights"] = fields.pop("average")  # as it was called when scan-grid generators alone had it
        try:
            return Config().replace(**{"rules": 1, **fields})
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def save_in(self, run: str) -> None:
        """Make the run directory and write its `config.json`.

        Raises:
            InputError: it cannot be written.
        """
        try:
            os.makedirs(run, exist_ok=True)
            self.save(os.path.join(run, CONFIG_FILE))
        except OSError as error:
            raise InputError(f"run {run}: expected a folder that can be written, found: {error.strerror}") from None

    def save(self, path: str) -> None:
        """Write `config.json` beside, then rename."""
        from .formats.replacing import replacing  # which who reads configurations alone does without

        with replacing(path) as beside, open(beside, "w", encoding="utf-8") as file:
            file.write(self.to_json())


def _check(valid: bool, name: str, expected: str, found: Any) -> None:
    if not valid:
        raise InputError(f"{name}: expected {expected}, found {found}")


def _check_choice(name: str, found: str, choices: Iterable[str]) -> None:
    if found not in choices:
        raise InputError(f"{name}: expected one of {', '.join(choices)}, found {found}{did_you_mean(found, choices)}")


def _convert(name: str, value: Any, hint: Any) -> Any:
    """`value`, from JSON or the command line, as the field's type."""
    kind = getattr(hint, "__origin__", hint)
    try:
        if kind is tuple:
            items = value.split(",") if isinstance(value, str) else value
            return tuple(_convert(name, item, get_args(hint)[0]) for item in items)
        if kind is bool and isinstance(value, str):
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]
        if kind is int and isinstance(value, float) and not value.is_integer():
            raise ValueError
        converted = kind(value)
        if kind in (int, float) and abs(converted) > MOST:
            raise ValueError
        return converted
    except (ValueError, TypeError, KeyError, OverflowError):
        kind_name = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(kind, "a list")
        raise InputError(f"{name}: expected {kind_name}, found {reprlib.repr(value)}") from None


# Every preset of our own is for deployment, so targets keep the scan's scale; running means that freeze at once, with
# a learned bias, make training and inference the same function from the first step (measured: docs/presets.md).
_OURS: dict[str, Any] = {"intensity_reference": "scan", "bias": True, "freeze_at": 0.0}

PRESETS = {
    "quick": Config(
        preset="quick",
        size=256,
        batch=4,
        width=0.25,
        iterations=1200,
        learning_rate=6e-4,
        checkpoint_minutes=2,
        **_OURS,
    ),
    "small": Config(
        preset="small",
        size=256,
        batch=4,
        width=0.25,
        iterations=20_000,
        learning_rate=6e-4,
        checkpoint_minutes=5,
        **_OURS,
    ),
    "paper": Config(),
}
#: Simulated crops that a preset trains, validates and tests on when it is given no data. The paper preset is meant for
#: the STEM Crops data set; without it, it gets enough to be tried.
SIMULATED_COUNTS = {
    "quick": {"train": 400, "val": 24, "test": 24},
    "small": {"train": 2000, "val": 100, "test": 100},
    "paper": {"train": 400, "val": 24, "test": 24},
}


# Section IV's own training; `paper` is as published. The others are as short as for the two-stage generator, and freeze
# batch norm at once too: in a short run its moving averages lag the weights (measured: docs/presets.md).
_ONE_STAGE = {
    "network": "one-stage",
    "factors": (5,),
    "intensity_reference": "scan",
    "batch": 16,
    "learning_rate": 1e-3,
}
ONE_STAGE_PRESETS = {
    "quick": PRESETS["quick"].replace(**_ONE_STAGE),
    "small": PRESETS["small"].replace(**_ONE_STAGE),
    "paper": PRESETS["paper"].replace(**_ONE_STAGE, iterations=100_000, freeze_at=0.5),
}

# Method.md, section 10; 512 px are 42 samples at s = 12.
_SCAN_GRID: dict[str, Any] = {
    "network": "scan-grid",
    "factors": tuple(range(2, 13)),
    "intensity_reference": "scan",
    "size": 512,
    "batch": 8,
    "width": 1.0,
    "learning_rate": 1e-3,
    "average_weights": 0.999,
}
SCAN_GRID_PRESETS = {
    "quick": PRESETS["quick"].replace(**{**_SCAN_GRID, "batch": 4}, iterations=600),
    "small": PRESETS["small"].replace(**_SCAN_GRID),
    "paper": PRESETS["paper"].replace(**_SCAN_GRID, iterations=100_000),
}
OTHER_NETWORKS = {"one-stage": ONE_STAGE_PRESETS, "scan-grid": SCAN_GRID_PRESETS}


def preset(name: str, network: str | None = None) -> Config:
    """The preset of that name for a network, two-stage if not given.

    Raises:
        InputError: there is none.
    """
    _check_choice("preset", name, PRESETS)
    return OTHER_NETWORKS.get(network or "", PRESETS)[name]
