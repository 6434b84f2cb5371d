"""`dlss-tf supersample`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import options
from .exits import each

if TYPE_CHECKING:
    from ..formats.contents import Choice
    from ..micrograph import Micrograph

SUMMARY = "supersample scans: any microscope's files, any size"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Files, the generator, how it is run."""
    options.add_files(parser, "scans: dm3, dm4, emd, ser, mrc, hspy, TIFF, PNG, npy and others")
    options.add_generator(parser)
    options.add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Supersample each file; what each result is."""
    from ..interfaces import files

    files.check_out(arguments.files, arguments.out)
    supersampler, how = options.supersampler(arguments), options.options(arguments)

    def supersample(source: str, target: str, image: Choice) -> Micrograph:
        return files.supersample_file(supersampler, source, target, arguments.factor, how, image=image)

    return each(arguments.files, options.into_new_file(arguments, supersample, "x"))
