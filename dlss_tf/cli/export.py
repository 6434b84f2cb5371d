"""`dlss-tf export`."""

from __future__ import annotations

import argparse

from .options import add_overwrite, add_weights, names
from .parsing import Version, whole
from .tensorflow import start_tensorflow

SUMMARY = "write a SavedModel for TensorFlow Serving, or an ONNX file"
EXAMPLES = (
    "dlss-tf export --out exports/dlss    # the pretrained generator, as exports/dlss/1",
    "dlss-tf export --format onnx --out unified-scan.onnx",
)
OF_SAVEDMODELS = {"size": 512, "version": None}  # options, and what they are unless they are given


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--weights`, `--format`, `--out`, `--size`, and the model's version."""
    add_weights(parser)
    parser.add_argument(
        "--format",
        choices=("savedmodel", "onnx"),
        default="savedmodel",
        help="savedmodel: a folder; onnx: a file, for images of any size (%(default)s)",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="PLACE",
        help="folder of the served model, to which a numbered version is added; of onnx the file, NAME.onnx",
    )
    parser.add_argument(
        "--size",
        type=int,
        metavar="PX",
        help=f"side of the image of signature serving_default, a multiple of 32 px ({OF_SAVEDMODELS['size']})",
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
    add_overwrite(parser)


def run(arguments: argparse.Namespace) -> None:
    """Export; the folder of the new version, or the file."""
    from ..errors import InputError

    given = {name: value for name, value in names(arguments, (*OF_SAVEDMODELS,)).items() if value is not None}
    if arguments.format == "onnx":
        for name, value in given.items():
            raise InputError(f"--{name}: expected none with --format onnx, found {value}")
        from ..serving.export_onnx import export_onnx

        print(export_onnx(arguments.weights, arguments.out, arguments.overwrite))
        return
    if arguments.overwrite:
        raise InputError("--overwrite: expected it with --format onnx alone, for each SavedModel is a new version")
    start_tensorflow()
    from ..serving.export import export

    chosen = {**OF_SAVEDMODELS, **given}
    print(export(arguments.weights, arguments.out, chosen["size"], chosen["version"]))
