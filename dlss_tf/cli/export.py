"""`dlss-tf export`."""

from __future__ import annotations

import argparse

from .options import add_weights
from .parsing import Version, whole
from .tensorflow import start_tensorflow

SUMMARY = "write a SavedModel for TensorFlow Serving"
EXAMPLES = ("dlss-tf export --out exports/dlss    # the pretrained generator, as exports/dlss/1",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--weights`, `--out`, `--size`, and the model's version."""
    add_weights(parser)
    parser.add_argument(
        "--out", required=True, metavar="FOLDER", help="the served model's; a numbered version is added to it"
    )
    parser.add_argument(
        "--size",
        type=int,
        default=512,
        metavar="PX",
        help="side of the image of signature serving_default, a multiple of 32 px (%(default)s)",
    )
    parser.add_argument(
        "--version",
        action=Version,
        nargs="?",
        default=None,
        type=whole(1),
        metavar="N",
        help="number of the version, 1 or more (one above the highest there); without N, dlss_tf's own is printed",
    )


def run(arguments: argparse.Namespace) -> None:
    """Export; the folder of the new version."""
    start_tensorflow()
    from ..serving.export import export

    print(export(arguments.weights, arguments.out, arguments.size, arguments.version))
