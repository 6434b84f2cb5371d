"""`dlss-tf info`."""

from __future__ import annotations

import argparse

from ..config import CHOICES, PRESETS, preset
from ..errors import InputError
from .tensorflow import start_tensorflow

SUMMARY = "show what a run was trained with, or a preset would be, or its learning schedule"


def add_options(parser: argparse.ArgumentParser) -> None:
    """A run's weights, or a preset."""
    parser.add_argument("--weights", help="run directory")
    parser.add_argument("--preset", choices=PRESETS, help="without --weights (quick)")
    parser.add_argument("--network", choices=CHOICES["network"], help="of the preset (two-stage)")
    parser.add_argument("--schedule", action="store_true", help="rates and momenta as this run or preset scales them")


def run(arguments: argparse.Namespace) -> None:
    """The configuration, or the schedule.

    Raises:
        InputError: options that contradict one another.
    """
    from .. import weights

    if arguments.weights is None:
        config, arrays = preset(arguments.preset or "quick", arguments.network), None
    else:
        for name in ("preset", "network"):
            if getattr(arguments, name) is not None:
                raise InputError(
                    f"--{name}: expected none with --weights, which say it, found {getattr(arguments, name)}"
                )
        config, arrays = weights.load(arguments.weights)
    if arguments.schedule:
        start_tensorflow()
        from ..training.schedules import format_table

        print(format_table(config))
        return
    print(config.to_json(), end="")
    if arrays is not None:
        print(f"{sum(array.size for array in arrays.values())} generator weights in {arguments.weights}")
