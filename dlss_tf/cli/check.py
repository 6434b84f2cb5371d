"""`dlss-tf check`."""

from __future__ import annotations

import argparse
import os

from ..errors import InputError
from . import options
from .exits import each

SUMMARY = "try on a full image whether its detail is too fine for a coarser scan"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Images, `--factor`, where the results go, the generator."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="images of which every pixel was scanned")
    options.add_factor(parser)
    options.add_results(parser, "NAME-checkS.json and .png")
    options.add_generator(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check each image; the verdicts."""
    supersampler = options.supersampler(arguments)
    from ..evaluation.check import check_file, format_check

    named: dict[str, str] = {}  # results go by their image's name

    def check(source: str) -> None:
        first = named.setdefault(os.path.splitext(os.path.basename(source))[0], source)
        if first != source:
            raise InputError(f"{source}: expected a name of its own for the results, found that of {first}")
        print(format_check(check_file(supersampler, source, arguments.factor, arguments.out)))

    return each(arguments.images, check)
