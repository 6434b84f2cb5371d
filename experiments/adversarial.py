"""Figs 13-15 and 19-21: adversarial and non-adversarial outputs side by side, and their power spectra."""

import argparse
import os
import sys

from dlss_tf.cli import status
from dlss_tf.cli.options import add_results
from dlss_tf.evaluation.compare import compare, format_comparison
from dlss_tf.training.trainer import NON_ADVERSARIAL


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="run directory of an adversarially trained generator")
    parser.add_argument("--data", action="append", required=True, help="folder with val and test TIFFs")
    parser.add_argument("--factor", type=int, default=5, help="s; coverage is 1/s^2 (%(default)s)")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"), help="(%(default)s)")
    parser.add_argument("--size", type=int, default=512, help="side in px of the images' centre (%(default)s)")
    add_results(parser, "JSON and PNGs")
    arguments = vars(parser.parse_args())
    run, out = arguments.pop("weights"), arguments.pop("out")
    generators = {"non-adversarial": os.path.join(run, NON_ADVERSARIAL), "adversarial": run}
    name = "adversarial" if arguments["factor"] == 5 else f"adversarial-{arguments['factor'] ** 2}"
    print(format_comparison(compare(generators, **arguments, results=out, name=name)))
    print(f"written to {out}/{name}.json, {name}.png and {name}-spectra.png")


if __name__ == "__main__":
    sys.exit(status("adversarial", main))
