"""`dlss-tf check`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import InputError
from . import options
from .exits import each

if TYPE_CHECKING:
    from ..formats.contents import Choice

SUMMARY = "try on a full image what a coarser scan would lose, and which way would be the closest"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Images, `--factor`, where the results go, the generator."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="images of which every pixel was scanned")
    options.add_image(parser)
    options.add_factor(parser)
    options.add_results(parser, "NAME-checkS.json and .png")
    options.add_generator(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check each image; what each says."""
    from ..micrograph import choices, prepare

    prepare(arguments.images)  # while TensorFlow is imported
    supersampler = options.supersampler(arguments)
    from ..evaluation.advice import format_check
    from ..evaluation.check import check_file, result_name

    named: dict[str, str] = {}  # results go by their image's name

    def check(source: str) -> int:
        def check_one(choice: tuple[Choice, str]) -> None:
            image, part = choice
            first = named.setdefault(result_name(source, part), source)
            if first != source:
                raise InputError(f"{source}: expected a name of its own for the results, found that of {first}")
            made = check_file(supersampler, source, arguments.factor, arguments.out, image, part, quiet=False)
            print(format_check(made))

        return each(choices(source, arguments.image), check_one, source)

    return each(arguments.images, check)
