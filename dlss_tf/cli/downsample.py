"""`dlss-tf downsample`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import batch, factors, options

if TYPE_CHECKING:
    from ..formats.contents import Choice
    from ..micrograph import Micrograph

SUMMARY = "make the scan that a faster acquisition would have given"
EXAMPLES = ("dlss-tf downsample image.tif --factor 5    # image-every5.tif, 1/25 of its samples",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Files."""
    factors.add(parser, f"every S-th sample of a row and of a column is kept (coverage 1/S^2): {factors.ANY}")
    options.add_files(parser, "images in any format that supersample reads")


def run(arguments: argparse.Namespace) -> int:
    """Thin out each file; what each result is."""
    jobs = batch.plan(arguments, "every")
    from ..interfaces import files

    def downsample(source: str, target: str, image: Choice) -> Micrograph:
        return files.downsample_file(source, target, arguments.factor, image=image, overwrite=arguments.overwrite)

    return batch.run(jobs, downsample, arguments.json)
