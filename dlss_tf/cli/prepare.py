"""`dlss-tf prepare`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from . import options
from .exits import FAILED

SUMMARY = "cut one's own scans into crops to train and test on, split by specimen"
EXAMPLES = (
    "dlss-tf prepare scans --out DATA                     # each folder in scans is a specimen, or else each file",
    "dlss-tf prepare 'scans/*.dm4' old/1.ser --out DATA   # each file is",
    "dlss-tf prepare more --out DATA                      # what is there stays; what is new is added",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Files, where the data set goes, how large crops are, what a specimen is."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="images of which every pixel was scanned: dm3, dm4, emd, ser, mrc, hspy, TIFF, PNG, npy and others; or a "
        "folder, for all in it and in its folders, or a pattern in quotes, such as 'scans/*.ser'",
    )
    options.add_image(parser)
    parser.add_argument("--out", required=True, metavar="DATA", help="folder to write, or one to go on with")
    parser.add_argument(
        "--size",
        type=int,
        default=512,
        metavar="PX",
        help="side of the crops, a multiple of 32 px, 64 or more; smaller images are left out (%(default)s)",
    )
    parser.add_argument(
        "--split-by",
        choices=("file", "folder"),
        help="what is one specimen, never divided between train, val and test: every file, or every folder that files "
        "lie in (every folder within a FILE that is a folder; of files that are in none, each)",
    )
    parser.add_argument("--overwrite", action="store_true", help="remove the data set that is there, and prepare anew")
    parser.add_argument(
        "--json", action="store_true", help="print a line of JSON for each file and a last one for all, nothing else"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prepare; what came of it."""
    from ..data.prepare.dataset import prepare_dataset
    from ..data.prepare.report import lines
    from ..errors import shown
    from ..interfaces.specimens import specimens
    from ..progress import say

    failed = 0

    def tell(told: dict[str, Any]) -> None:
        nonlocal failed
        for warning in told["warnings"]:
            print(f"dlss-tf: warning: {shown(warning)}", file=sys.stderr)
        if told["error"]:
            failed += 1
            print(f"dlss-tf: {told['error']}", file=sys.stderr)
        if arguments.json:
            say(json.dumps(told))

    sources = specimens(arguments.files, arguments.out, arguments.split_by)
    how = {"overwrite": arguments.overwrite, "tell": tell}
    summary = prepare_dataset(sources, arguments.out, arguments.size, arguments.image, **how)
    if arguments.json:
        say(json.dumps({"out": arguments.out, **summary}))
    else:
        for line in lines(arguments.out, summary, failed):
            say(line)
    return FAILED if failed else 0
