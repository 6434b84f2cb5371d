"""`dlss-tf fit-uncertainty`."""

from __future__ import annotations

import argparse

from .options import WEIGHTS_HELP
from .tensorflow import start_tensorflow

SUMMARY = "teach a scan-grid generator to tell its errors, for `dlss-tf supersample --uncertainty`"


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--weights`, data, how long."""
    parser.add_argument("--weights", required=True, help=WEIGHTS_HELP)
    parser.add_argument("--data", action="append", required=True, help="folder with train and val TIFFs, once or more")
    parser.add_argument("--iterations", type=int, default=1000, help="updates of the head (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of its weights and of data order (%(default)s)")


def run(arguments: argparse.Namespace) -> None:
    """Train, calibrate, write; what calibrates it."""
    start_tensorflow()
    from ..evaluation.fit_uncertainty import fit_uncertainty

    found = fit_uncertainty(arguments.weights, arguments.data, arguments.iterations, arguments.seed)
    print(f"standard deviations times {found:.3f}, by validation images")
