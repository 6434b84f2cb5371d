"""`dlss-tf export`."""

from __future__ import annotations

import argparse

from .options import WEIGHTS_HELP
from .tensorflow import start_tensorflow

SUMMARY = "write a SavedModel for TensorFlow Serving"


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--weights`, `--out`, `--size`, and the model's version."""
    parser.add_argument("--weights", help=WEIGHTS_HELP)
    parser.add_argument("--out", required=True, help="the served model's folder; a numbered version is added to it")
    parser.add_argument(
        "--size", type=int, default=512, help="side of the output in px, a multiple of 32 (%(default)s)"
    )
    parser.add_argument("--version", type=int, help="version number; one above the highest there if not given")


def run(arguments: argparse.Namespace) -> None:
    """Export; the folder of the new version."""
    start_tensorflow()
    from ..serving.export import export

    print(export(arguments.weights, arguments.out, arguments.size, arguments.version))
