"""`dlss-tf downsample`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import options
from .exits import each

if TYPE_CHECKING:
    from ..formats.contents import Choice
    from ..micrograph import Micrograph

SUMMARY = "make the scan that a faster acquisition would have given"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Files."""
    options.add_files(parser, "images in any format that supersample reads")


def run(arguments: argparse.Namespace) -> int:
    """Thin out each file; what each result is."""
    from ..interfaces import files

    files.check_out(arguments.files, arguments.out)

    def downsample(source: str, target: str, image: Choice) -> Micrograph:
        return files.downsample_file(source, target, arguments.factor, image=image)

    return each(arguments.files, options.into_new_file(arguments, downsample, "every"))
