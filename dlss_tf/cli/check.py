"""`dlss-tf check`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import options
from .exits import each

if TYPE_CHECKING:
    from ..formats.contents import Choice

SUMMARY = "try on a full image whether its detail is too fine for a coarser scan"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Images, `--factor`, where the results go, the generator."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="images of which every pixel was scanned")
    options.add_image(parser)
    options.add_factor(parser)
    options.add_results(parser, "NAME-checkS.json and .png")
    options.add_generator(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check each image; the verdicts."""
    supersampler = options.supersampler(arguments)
    from ..evaluation.check import check_file, format_check
    from ..micrograph import choices

    def check(source: str) -> int:
        def check_one(choice: tuple[Choice, str]) -> None:
            print(format_check(check_file(supersampler, source, arguments.factor, arguments.out, *choice)))

        return each(choices(source, arguments.image), check_one)

    return each(arguments.images, check)
