"""`dlss-tf fit-uncertainty`."""

from __future__ import annotations

import argparse

from .options import DATA_HELP
from .tensorflow import start_tensorflow

SUMMARY = "teach a scan-grid generator to tell its errors, for `dlss-tf supersample --uncertainty`"
EXAMPLES = ("dlss-tf fit-uncertainty --weights runs/scan --data my_scans",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--weights`, data, how long."""
    parser.add_argument(
        "--weights",
        required=True,
        metavar="RUN",
        help="run directory of a generator of --network scan-grid, into which it is written",
    )
    parser.add_argument("--data", action="append", required=True, metavar="FOLDER", help=DATA_HELP)
    parser.add_argument(
        "--iterations", type=int, default=1000, metavar="N", help="updates of the head, 1 or more (%(default)s)"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of its weights and of the data's order, 0 or more (%(default)s)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Train, calibrate, write; what calibrates it."""
    start_tensorflow()
    from ..evaluation.fit_uncertainty import fit_uncertainty

    found = fit_uncertainty(arguments.weights, arguments.data, arguments.iterations, arguments.seed)
    print(f"standard deviations times {found:.3f}, by validation images")
