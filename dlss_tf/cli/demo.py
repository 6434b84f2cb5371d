"""`dlss-tf demo`."""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil

from .. import shell
from ..errors import InputError, reason
from ..progress import say
from . import options

SUMMARY = "supersample a scan that ships with dlss_tf, and say what to look at: no data needed"
FACTOR = 5  # of which the scan was taken
HOW = ("--uncertainty", "--overwrite")
EXAMPLES = (f"dlss-tf demo    # demo/scan.tif, scan-x{FACTOR}.tif and a picture of both",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where it goes, the generator."""
    parser.add_argument(
        "--out", default="demo", metavar="FOLDER", help="folder for the scan and its results (%(default)s)"
    )
    parser.add_argument("--weights", metavar="RUN", help=options.WEIGHTS_HELP)


def run(arguments: argparse.Namespace) -> int:
    """Copy the scan, run `dlss-tf supersample` on it, say what that was and what may come next."""
    from .commands import main  # which has this module among its own

    scan = _copied(arguments.out)
    by = ["--weights", arguments.weights] if arguments.weights else []
    command = ["supersample", scan, "--factor", str(FACTOR), *HOW, *by]
    say(f"dlss-tf {shell.join(command)}")
    status = main(command)
    if status == 0:
        from ..interfaces.outputs import PREVIEW, beside_path, output_path

        image = output_path(scan, None, FACTOR, ".tif")
        picture = beside_path(image, PREVIEW)
        if os.path.exists(picture):
            say(f"Look at {picture}: scan, image, how uncertain each pixel is, and where detail is guessed.")
        say(f"Where it came from: dlss-tf info {shell.quote(image)}")
        say(f"Your own scan:      dlss-tf supersample scan.dm4 --factor {FACTOR}")
    return status


def _copied(folder: str) -> str:
    """Where the scan is now.

    Raises:
        InputError: the folder cannot be written, or has another scan of that name.
    """
    from ..formats.replacing import replacing
    from ..simulation.dataset import DEMO

    scan = os.path.join(folder, "scan.tif")
    try:
        os.makedirs(folder, exist_ok=True)
        if not os.path.lexists(scan):
            with replacing(scan) as beside:
                shutil.copyfile(DEMO, beside)
        elif not filecmp.cmp(scan, DEMO, shallow=False):
            raise InputError(f"{scan}: expected the demo's scan or none, found another; give another --out")
    except OSError as error:
        raise InputError(f"--out {folder}: expected a folder that can be written, found: {reason(error)}") from None
    return scan
