"""`dlss-tf finetune`."""

from __future__ import annotations

import argparse

from .exits import INTERRUPTED
from .options import DATA_HELP, WEIGHTS_HELP
from .tensorflow import start_tensorflow

SUMMARY = "train the pretrained generator further on your own scans, for as long as that pays"
EXAMPLES = (
    "dlss-tf finetune --data DATA                  # 20 minutes; Ctrl-C keeps the best, and the same line goes on",
    "dlss-tf finetune --data DATA --minutes 60     # more of them: it goes on where it was",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--data`, `--run`, `--weights`, `--minutes`, `--seed`."""
    parser.add_argument("--data", action="append", required=True, metavar="FOLDER", help=f"{DATA_HELP}; test may lack")
    parser.add_argument(
        "--run",
        dest="run_directory",
        default="runs/finetuned",
        metavar="RUN",
        help="folder for the generator, its card and its images; one that finetune made goes on (%(default)s)",
    )
    parser.add_argument("--weights", metavar="START", help=f"what to start from: {WEIGHTS_HELP}")
    parser.add_argument(
        "--minutes",
        type=float,
        default=20.0,
        metavar="M",
        help="most minutes of training, of all calls for this run together; it ends before if validation images no "
        "longer come closer (%(default)g)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of data order and coverages, 0 or more (0)")


def run(arguments: argparse.Namespace) -> int:
    """Train; errors before and after, and what to type next."""
    start_tensorflow()
    from ..evaluation.finetune import finetune
    from ..evaluation.finetuned import SHEET, change, format_report

    place, weights = arguments.run_directory, arguments.weights
    record = finetune(arguments.data, place, weights, minutes=arguments.minutes, seed=arguments.seed)
    if record["ended"] == "interrupted":
        print(f"{place}: interrupted; it holds the best so far, and the same command goes on")
        return INTERRUPTED
    print(format_report(record))
    name = record["start"]["name"]
    if not record["delivered"]:
        more = "; with more --minutes the same command goes on" if record["ended"] == "out of time" else ""
        print(f"{place}: training {name} further made it no better on the validation images, so it is as it was{more}")
        return 0
    gain = change(record["validation"]["before"], record["validation"]["after"])
    print(f"{place}: {name} trained further, validation error {gain}; before and after in {place}/{SHEET}")
    print(f"Take it with: dlss-tf supersample FILE --factor S --weights {place}")
    return 0
