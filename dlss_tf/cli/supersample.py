"""`dlss-tf supersample`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import batch, options

if TYPE_CHECKING:
    from ..formats.contents import Choice
    from ..micrograph import Micrograph

SUMMARY = "supersample scans: any microscope's files, any size"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Files, the generator, how it is run."""
    options.add_files(parser, "scans: dm3, dm4, emd, ser, mrc, hspy, TIFF, PNG, npy and others")
    options.add_generator(parser)
    options.add_plain(parser)
    options.add_options(parser)
    options.add_dtype(parser)
    options.add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Supersample each file; what each result is."""
    options.settle_plain(arguments)
    how = options.options(arguments)
    jobs = batch.plan(arguments, "x", how.beside)
    from .. import micrograph

    micrograph.prepare(job.source for job in jobs if not job.refusal)  # while TensorFlow is imported
    supersampler = options.server(arguments) if arguments.server else options.supersampler(arguments)
    from ..interfaces import files

    def supersample(source: str, target: str, image: Choice) -> Micrograph:
        chosen = {"dtype": arguments.dtype, "overwrite": arguments.overwrite, "quiet": arguments.json}
        return files.supersample_file(supersampler, source, target, arguments.factor, how, image=image, **chosen)

    return batch.run(jobs, supersample, arguments.json)
