"""Deblurring blurred images and a generator's outputs: how it changes their errors, and how long it takes."""

import argparse
import functools
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from dlss_tf.cli import status
from dlss_tf.cli.options import add_results
from dlss_tf.evaluation.images import blurred, central_crops, completed, label
from dlss_tf.evaluation.metrics import mse
from dlss_tf.evaluation.results import provenance, results_folder, write_json
from dlss_tf.inference.deconvolution import adam, wiener
from dlss_tf.inference.supersampler import Supersampler

FACTORS = (4, 5, 6, 8, 10)
NOISES = (3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)


def _wiener(noise: float, image: np.ndarray) -> np.ndarray:
    return wiener(image[None], noise)[0]


METHODS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "adam": lambda x: adam(x[None])[0],
    **{f"wiener {noise:g}": functools.partial(_wiener, noise) for noise in NOISES},
}
BLURRED = "blurred truth"
TRUTH = "to the truth"
MEASURES = (TRUTH, "re-blurred, to the blurred truth", "to the blurred truth")


def errors(image: np.ndarray, truth: np.ndarray, deblur: Callable | None = None) -> list[float]:
    """Root MSEs of `image`, an output [N, N], by MEASURES, deblurred if so asked; else it is not re-blurred either."""
    after = deblur(image) if deblur else image
    again = blurred(after) if deblur else image
    pairs = [(after, truth), (again, blurred(truth)), (after, blurred(truth))]
    return [float(np.sqrt(mse(*pair))) for pair in pairs]


def compare(outputs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, dict]:
    """Of (output, truth) pairs by measure: mean root MSE before; by method its mean change in % and images improved."""
    before = np.array([errors(*pair) for pair in outputs])
    report: dict[str, dict[str, Any]] = {name: {"before": float(mean)} for name, mean in zip(MEASURES, before.mean(0))}
    for method, deblur in METHODS.items():
        change = 100 * (np.array([errors(*pair, deblur) for pair in outputs]) / np.maximum(before, 1e-30) - 1)
        for name, mean, improved in zip(MEASURES, change.mean(0), (change < 0).sum(0)):
            report[name][method] = [float(mean), int(improved)]
    return report


def seconds(side: int) -> dict[str, float]:
    """Time of either method on a float32 image of side x side px, once each."""
    image = np.random.default_rng(0).random((1, side, side), np.float32)
    taken = {}
    for name, method in (("adam", adam), ("wiener", wiener)):
        method(image[:, :64, :64])
        start = time.perf_counter()
        method(image)
        taken[name] = time.perf_counter() - start
    return taken


def print_table(report: dict[str, dict], measure: str) -> None:
    """One measure as Markdown; what was not blurred has no error to compare with."""
    names = [name for name in report if name != BLURRED or measure == TRUTH]
    print(f"\n| {measure} | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    print(f"| before | {' | '.join(format(report[name][measure]['before'], '.4f') for name in names)} |")
    for method in METHODS:
        cells = [report[name][measure][method] for name in names]
        print(f"| {method} | {' | '.join(f'{change:+.1f}% ({improved})' for change, improved in cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="+", help="TIFFs, at least 512x512 px")
    parser.add_argument("--weights", help="run directory (the pretrained generator)")
    parser.add_argument("--sides", type=int, nargs="*", default=[512], help="px of images to time (%(default)s)")
    add_results(parser, "deconvolution.json")
    arguments = parser.parse_args()
    supersampler = Supersampler(arguments.weights)
    crops = [crop for _, crop in central_crops(arguments.images, 512)]
    report = {BLURRED: compare([(blurred(crop), crop) for crop in crops])}
    for factor in FACTORS:
        report[label(factor)] = compare([(completed(supersampler, crop, factor)[1], crop) for crop in crops])
    for measure in MEASURES:
        print_table(report, measure)
    taken = {str(side): seconds(side) for side in arguments.sides}
    print("\nseconds", {side: {k: round(v, 3) for k, v in times.items()} for side, times in taken.items()})
    report = {"errors": report, "seconds": taken, **provenance(arguments.images, "", 512)}
    with results_folder(arguments.out):
        write_json(os.path.join(arguments.out, "deconvolution.json"), report)


if __name__ == "__main__":
    sys.exit(status("deconvolution", main))
