"""`dlss-tf evaluate`."""

from __future__ import annotations

import argparse

from .options import WEIGHTS_HELP, add_images, add_renamed, add_results, factors, names
from .tensorflow import start_tensorflow

SUMMARY = "compare a generator with traditional methods (the paper's Table 2)"


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--weights`, images, coverages, and where the results go."""
    parser.add_argument("--weights", help=WEIGHTS_HELP)
    add_images(parser, "test")
    parser.add_argument(
        "--factor",
        type=factors,
        metavar="S,S,...",
        help="whole numbers s, comma between; coverage is 1/s^2 (4,5,6,8,10, or the only one trained for)",
    )
    parser.add_argument("--limit", type=int, help="use the first so many images only (all)")
    add_results(parser, "the JSON, CSV and PNG")
    parser.add_argument("--name", default="table2", help="file name in --out, without its ending (%(default)s)")
    parser.add_argument("--sheet-images", type=int, default=4, help="images shown in the PNG (%(default)s)")
    add_renamed(parser, "--factors", "--factor", "factor", type=factors)


def run(arguments: argparse.Namespace) -> None:
    """Evaluate; Table 2."""
    start_tensorflow()
    from ..evaluation.evaluate import evaluate
    from ..evaluation.metrics import format_table

    chosen = names(arguments, ("split", "size", "limit", "name", "sheet_images"))
    report = evaluate(arguments.weights, arguments.data, factors=arguments.factor, results=arguments.out, **chosen)
    print(format_table(report))
    print(f"{report['images']} images; written to {arguments.out}/{arguments.name}.json, .csv and .png")
