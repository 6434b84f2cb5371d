"""`dlss-tf simulate`."""

from __future__ import annotations

import argparse

from ..config import SIMULATED_COUNTS

SUMMARY = "write simulated STEM crops to train and test on"


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--out`, numbers of crops, `--size`, `--seed`."""
    parser.add_argument(
        "--out", default="data/simulated", help="folder to write (%(default)s); crops that are there are kept"
    )
    for split, count in SIMULATED_COUNTS["quick"].items():
        parser.add_argument(f"--{split}", type=int, default=count, help=f"number of {split} crops (%(default)s)")
    parser.add_argument("--size", type=int, default=512, help="side of the crops in px (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="every crop is a function of it, split and number (%(default)s)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the crops that are missing."""
    from ..simulation.dataset import simulate_dataset

    counts = {split: getattr(arguments, split) for split in SIMULATED_COUNTS["quick"]}
    written = simulate_dataset(arguments.out, counts, arguments.size, arguments.seed)
    print(f"{arguments.out}: {written} crops written, {sum(counts.values()) - written} were there")
