"""`dlss-tf check`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import InputError, shown
from . import factors, options
from .exits import each

if TYPE_CHECKING:
    from ..formats.contents import Choice

SUMMARY = "try on a full image what a coarser scan would lose, and which way would be the closest"
EXAMPLES = ("dlss-tf check image.dm4 --factor 5    # a verdict, and results/image-check5.json and .png",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Images, `--factor`, where the results go, the generator."""
    parser.add_argument(
        "images", nargs="+", metavar="IMAGE", help=f"images of which every pixel was scanned{options.OR_FOLDER}"
    )
    options.add_image(parser)
    factors.add(parser, f"only every S-th point of a row and of a column would be scanned: {factors.GENERATORS}")
    options.add_results(parser, "NAME-checkS.json and .png")
    options.add_generator(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check each image; what each says."""
    from ..interfaces.inputs import sources
    from ..micrograph import choices, prepare

    images = sources(arguments.images)
    prepare(images)  # while TensorFlow is imported
    supersampler = options.supersampler(arguments)
    from ..evaluation.advice import format_check
    from ..evaluation.check import check_file, result_name

    named: dict[str, str] = {}  # results go by their image's name

    def check(source: str) -> int:
        if len(images) > 1:
            print(f"{shown(source)}:")

        def check_one(choice: tuple[Choice, str]) -> None:
            image, part = choice
            first = named.setdefault(result_name(source, part), source)
            if first != source:
                raise InputError(f"{source}: expected a name of its own for the results, found that of {first}")
            made = check_file(supersampler, source, arguments.factor, arguments.out, image, part, quiet=False)
            print(format_check(made))

        return each(choices(source, arguments.image), check_one, source)

    return each(images, check)
