"""`dlss-tf evaluate`."""

from __future__ import annotations

import argparse

from . import factors
from .options import add_images, add_limit, add_renamed, add_results, add_weights, names
from .parsing import whole
from .tensorflow import start_tensorflow

SUMMARY = "compare a generator with traditional methods (the paper's Table 2)"
EXAMPLES = (
    "dlss-tf evaluate --data my_scans                       # the pretrained generator, on my_scans/test/*.tif",
    "dlss-tf evaluate --data my_scans --weights runs/mixed  # one of your own",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--weights`, images, coverages, and where the results go."""
    add_weights(parser)
    add_images(parser, "test")
    parser.add_argument(
        "--factor",
        type=factors.several,
        metavar="S,S,...",
        help="every S-th point of a row and of a column is taken for scanned (coverage 1/S^2), with commas between "
        f"(4,5,6,8,10, or the only one trained for): {factors.GENERATORS}",
    )
    add_limit(parser)
    add_results(parser, "the JSON, CSV and PNG")
    parser.add_argument("--name", default="table2", help="file name in --out, without its ending (%(default)s)")
    parser.add_argument(
        "--sheet-images", type=whole(0), default=4, metavar="N", help="images shown in the PNG, 0 or more (%(default)s)"
    )
    add_renamed(parser, "--factors", "--factor", "factor", type=factors.several)


def run(arguments: argparse.Namespace) -> None:
    """Evaluate; Table 2."""
    start_tensorflow()
    from ..evaluation.evaluate import evaluate
    from ..evaluation.metrics import format_table

    chosen = names(arguments, ("split", "size", "limit", "name", "sheet_images"))
    report = evaluate(arguments.weights, arguments.data, factors=arguments.factor, results=arguments.out, **chosen)
    print(format_table(report))
    print(f"{report['images']} images; written to {arguments.out}/{arguments.name}.json, .csv and .png")
