"""`dlss-tf supersample`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import batch, factors, options

if TYPE_CHECKING:
    from ..formats.contents import Choice
    from ..micrograph import Micrograph

SUMMARY = "supersample scans: any microscope's files, any size"
EXAMPLES = (
    "dlss-tf supersample scan.dm4 --factor 5                 # scan-x5.tif beside it",
    "dlss-tf supersample scans --factor 4 --out images       # all scans in a folder",
    "dlss-tf supersample scan.dm4 --factor 5 --uncertainty --format hspy",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Files, the generator, how it is run."""
    factors.add(parser, factors.OF_SCAN)
    options.add_files(parser, "scans: dm3, dm4, emd, ser, mrc, hspy, TIFF, PNG, npy and others")
    options.add_generator(parser)
    options.add_plain(parser)
    options.add_options(parser)
    options.add_dtype(parser)
    options.add_preview(parser)
    options.add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Supersample each file; what each result is."""
    options.settle_plain(arguments)
    from ..interfaces import outputs, preview

    how, previews = options.options(arguments), preview.possible() and not arguments.no_preview
    jobs = batch.plan(arguments, "x", outputs.names_beside(how, previews))
    scans = [job.source for job in jobs if job.to_do]
    if not scans:  # which is told without waiting for TensorFlow
        return batch.run(jobs, None, arguments.json)
    from .. import micrograph

    micrograph.prepare(scans)  # while TensorFlow is imported
    supersampler = options.server(arguments) if arguments.server else options.supersampler(arguments)
    from ..interfaces import files

    def supersample(source: str, target: str, image: Choice) -> Micrograph:
        chosen = {"dtype": arguments.dtype, "overwrite": arguments.overwrite, "quiet": arguments.json}
        chosen |= {"image": image, "preview": previews}
        return files.supersample_file(supersampler, source, target, arguments.factor, how, **chosen)

    return batch.run(jobs, supersample, arguments.json)
