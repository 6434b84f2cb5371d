"""README's picture: the pretrained generator at its best and where it fails, each beside its fairest rival.

Two simulated crystals: one of four samples a period at coverage 1/25, and one whose columns stand closer than a scan at
1/64 tells. `python -m experiments.opening` writes results/opening.png, whose rows are those of `dlss-tf check`, and
whose numbers are root MSEs in units of an image's range.
"""

from __future__ import annotations

import os

import numpy as np

from dlss_tf import Supersampler
from dlss_tf.evaluation.check import check, sheet_rows
from dlss_tf.evaluation.metrics import METHOD_NAMES
from dlss_tf.evaluation.results import results_folder
from dlss_tf.evaluation.sheet import write_sheet
from dlss_tf.simulation.crop import simulate_crop
from dlss_tf.simulation.dataset import SPLITS

from ._report import parser, run

#: Of `dlss-tf simulate`'s test images: number, and every which sample of a row and of a column is kept.
IMAGES = {"at its best, every 5th": (19, 5), "too fine, every 8th": (17, 8)}
SIDE = 512


def main() -> None:
    """Measure and draw both."""
    arguments = parser(__doc__, "opening.png", split=None).parse_args()
    supersampler, rows = Supersampler(), []
    for name, (number, factor) in IMAGES.items():
        image = simulate_crop(np.random.default_rng([0, SPLITS.index("test"), number]), SIDE)
        report, panels = check(supersampler, image, factor)
        print(f"{name}: {METHOD_NAMES[report['rival']]} is the best rival; {report['verdict']}")
        rows.append(sheet_rows({**report, "image": name}, panels)[0])
    with results_folder(arguments.out):
        titles = ["scan", "best rival", "ours", "truth"]
        write_sheet(os.path.join(arguments.out, "opening.png"), rows, titles)


if __name__ == "__main__":
    run("opening", main)
