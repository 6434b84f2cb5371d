"""`dlss-tf simulate`."""

from __future__ import annotations

import argparse

from ..config import SIMULATED_COUNTS

SUMMARY = "write simulated STEM crops to train and test on"
EXAMPLES = ("dlss-tf simulate --out data/simulated --train 1000",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--out`, numbers of crops, `--size`, `--seed`."""
    parser.add_argument(
        "--out",
        default="data/simulated",
        metavar="FOLDER",
        help="to write (%(default)s); crops that are there are kept",
    )
    for split, count in SIMULATED_COUNTS["quick"].items():
        purpose = {"train": "train on", "val": "validate on", "test": "test on"}[split]
        parser.add_argument(
            f"--{split}", type=int, default=count, metavar="N", help=f"crops to {purpose}, 0 to 100000 (%(default)s)"
        )
    parser.add_argument(
        "--size", type=int, default=512, metavar="PX", help="side of the crops, 64 px or more (%(default)s)"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of which every crop is a function, with its split and number: 0 or more (%(default)s)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the crops that are missing."""
    from ..simulation.dataset import simulate_dataset

    counts = {split: getattr(arguments, split) for split in SIMULATED_COUNTS["quick"]}
    written = simulate_dataset(arguments.out, counts, arguments.size, arguments.seed)
    print(f"{arguments.out}: {written} crops written, {sum(counts.values()) - written} were there")
