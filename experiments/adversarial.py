"""Figs 13-15 and 19-21: adversarial and non-adversarial outputs side by side, and their power spectra."""

import argparse
import os
import sys

from dlss_tf import weights
from dlss_tf.cli import status
from dlss_tf.cli.options import add_results
from dlss_tf.errors import InputError
from dlss_tf.evaluation.compare import compare, format_comparison
from dlss_tf.training.run_directory import NON_ADVERSARIAL

SHIPPED = "unified-small-adversarial"


def before(generator: str) -> str:
    """The generator that the adversarial half of this one began with: kept in its run, or named by its config.

    Raises:
        InputError: there is none.
    """
    kept = os.path.join(weights.find(generator), NON_ADVERSARIAL)
    if os.path.isdir(kept):
        return kept
    start_from = weights.load(generator)[0].start_from
    if not start_from:
        raise InputError(f"weights {generator}: expected a generator trained adversarially, found no {kept}")
    return start_from


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default=SHIPPED, help="a generator trained adversarially (%(default)s)")
    parser.add_argument("--data", action="append", required=True, help="folder with val and test TIFFs")
    parser.add_argument("--factor", type=int, default=5, help="s; coverage is 1/s^2 (%(default)s)")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"), help="(%(default)s)")
    parser.add_argument("--size", type=int, default=512, help="side in px of the images' centre (%(default)s)")
    add_results(parser, "JSON and PNGs")
    arguments = vars(parser.parse_args())
    run, out = arguments.pop("weights"), arguments.pop("out")
    generators = {"non-adversarial": before(run), "adversarial": run}
    name = "adversarial" if arguments["factor"] == 5 else f"adversarial-{arguments['factor'] ** 2}"
    print(format_comparison(compare(generators, **arguments, results=out, name=name)))
    print(f"written to {out}/{name}.json, {name}.png and {name}-spectra.png")


if __name__ == "__main__":
    sys.exit(status("adversarial", main))
