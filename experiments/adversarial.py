"""Figs 13-15 and 19-21: adversarial and non-adversarial outputs side by side, and their power spectra."""

import argparse
import os
import sys

from dlss_tf.cli import status
from dlss_tf.evaluation.compare import compare, format_comparison
from dlss_tf.training.trainer import NON_ADVERSARIAL


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="run directory of an adversarially trained generator")
    parser.add_argument("--data", action="append", required=True, help="folder with val and test TIFFs")
    parser.add_argument("--factor", type=int, default=5, help="s; coverage is 1/s^2 (%(default)s)")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"), help="(%(default)s)")
    parser.add_argument("--size", type=int, default=512, help="side in px of the images' centre (%(default)s)")
    parser.add_argument("--results", default="results", help="folder for JSON and PNGs (%(default)s)")
    arguments = vars(parser.parse_args())
    run = arguments.pop("weights")
    generators = {"non-adversarial": os.path.join(run, NON_ADVERSARIAL), "adversarial": run}
    print(format_comparison(compare(generators, **arguments, name="adversarial")))
    print(f"written to {arguments['results']}/adversarial.json, adversarial.png and adversarial-spectra.png")


if __name__ == "__main__":
    sys.exit(status("adversarial", main))
