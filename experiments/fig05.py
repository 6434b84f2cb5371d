"""Fig. 5: outputs at 1/49 coverage trained with and without blurred targets, deconvolved, with enlarged corners."""

from __future__ import annotations

import os

import numpy as np

from dlss_tf import Supersampler, lattice
from dlss_tf.evaluation.images import blurred, central_crops, completed, label
from dlss_tf.evaluation.metrics import mse
from dlss_tf.evaluation.results import results_folder
from dlss_tf.evaluation.sheet import write_sheet
from dlss_tf.inference.deconvolution import adam

from ._report import parser, run, write
from .fig16 import chosen

FACTOR = 7
NO_BLUR = "dlss-tf train --run runs/no-blur --objective no-blur"


def no_blur_output(supersampler: Supersampler, crop: np.ndarray) -> np.ndarray:
    """What a generator of eq. 6 gives for crop [N, N], true values in place of outputs at its input pixels."""
    output = completed(supersampler, crop, FACTOR)[1]
    rows, columns = (lattice.positions(n, FACTOR) for n in crop.shape)
    output[rows[:, None], columns] = crop[rows[:, None], columns]
    return output


def main() -> None:
    """Draw it."""
    parse = parser(__doc__, "fig05.json and .png")
    parse.add_argument("--no-blur", help="run directory of a generator trained with --objective no-blur")
    arguments = parse.parse_args()
    supersampler = Supersampler(arguments.weights)
    sharp = Supersampler(arguments.no_blur) if arguments.no_blur else None
    rows, errors = [], {}
    for path, crop in central_crops(chosen(arguments, 3), arguments.size):
        infilled, output = completed(supersampler, crop, FACTOR)
        panels = {f"{label(FACTOR)} px coverage": infilled, "output": output, "deconvolved": adam(output[None])[0]}
        if sharp is not None:
            panels["trained without blur"] = no_blur_output(sharp, crop)
        panels |= {"truth, blurred": blurred(crop), "truth": crop}
        name = os.path.basename(path)
        rows.append((name, list(panels.values())))
        errors[name] = {title: mse(image, crop) ** 0.5 for title, image in panels.items() if image is not crop}
    with results_folder(arguments.out):
        write_sheet(os.path.join(arguments.out, "fig05.png"), rows, list(panels))
    report = {"images": len(rows), "root_mse_to_the_truth": errors, "no_blur": arguments.no_blur}
    write("fig05", arguments, report if sharp is not None else {**report, "needs": f"a run of `{NO_BLUR}`"})


if __name__ == "__main__":
    run("fig05", main)
