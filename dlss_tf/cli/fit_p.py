"""`dlss-tf fit-p`."""

from __future__ import annotations

import argparse

from .options import add_images, add_renamed
from .tensorflow import start_tensorflow

SUMMARY = "fit eq. 1's p(c) to the errors of trained generators, for a new unified run"
EXAMPLES = ("dlss-tf fit-p --weights runs/a --weights runs/b --data my_scans --out runs/fitted",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--weights`, once or several times, images, and the new run."""
    parser.add_argument(
        "--weights",
        action="append",
        required=True,
        metavar="RUN",
        help="run directory of a generator; give it several times for generators of one coverage each",
    )
    add_images(parser, "val")
    out = parser.add_mutually_exclusive_group(required=True)
    out.add_argument("--out", metavar="RUN", help="new run directory whose configuration is written")
    add_renamed(out, "--run", "--out", "out")


def run(arguments: argparse.Namespace) -> None:
    """Measure, fit, write; the fit."""
    start_tensorflow()
    from ..evaluation.fit_p import fit_p, format_fit

    config, errors = fit_p(arguments.weights, arguments.data, arguments.out, split=arguments.split, size=arguments.size)
    print(format_fit(config, errors))
    print(f"Written to {arguments.out}/config.json; train with it: dlss-tf train --run {arguments.out} --resume")
