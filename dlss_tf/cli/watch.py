"""`dlss-tf watch`."""

from __future__ import annotations

import argparse
import contextlib
import os

from . import options

SUMMARY = "supersample every new scan in a folder as it is finished"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The folder, where results go, the generator, how it is run."""
    parser.add_argument("folder", help="folder that the acquisition software writes into")
    parser.add_argument("--out", help="folder for results (FOLDER/supersampled)")
    parser.add_argument("--existing", action="store_true", help="supersample the scans that are there already, too")
    options.add_image(parser)
    options.add_factor(parser)
    options.add_format(parser)
    options.add_overwrite(parser)
    options.add_generator(parser)
    options.add_plain(parser)
    options.add_options(parser)
    options.add_dtype(parser)


def run(arguments: argparse.Namespace) -> None:
    """Watch until interrupted."""
    options.settle_plain(arguments)
    from .. import micrograph

    with contextlib.suppress(OSError):  # which will be told
        micrograph.prepare(["scan.tif", *os.listdir(arguments.folder)])  # while TensorFlow is imported
    supersampler, how = options.supersampler(arguments), options.options(arguments)
    from ..interfaces.watch import watch

    out = arguments.out or os.path.join(arguments.folder, "supersampled")
    chosen = options.names(arguments, ("existing", "image", "dtype", "overwrite"))
    watch(supersampler, arguments.folder, out, arguments.factor, how, suffix=arguments.format, **chosen)
