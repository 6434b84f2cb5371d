"""Self-ensemble and refinement on real or simulated images: what they gain, and whether the spread tells the error."""

import argparse
import os
import sys

import numpy as np
from scipy.stats import spearmanr

from dlss_tf import lattice
from dlss_tf.cli import status
from dlss_tf.cli.options import add_results
from dlss_tf.data.files import list_files
from dlss_tf.evaluation.evaluate import TABLE_2_FACTORS
from dlss_tf.evaluation.images import blurred, central_crops, label
from dlss_tf.evaluation.metrics import mse, root_mean
from dlss_tf.evaluation.results import provenance, results_folder, write_json
from dlss_tf.inference.ensemble import ensemble
from dlss_tf.inference.refinement import refine
from dlss_tf.inference.supersampler import Supersampler
from dlss_tf.progress import each

MSES = ("one", "one_refined", "ensemble", "ensemble_refined")
BLOCK = 16  # px a side of the blocks in which spread and error are compared


def block_means(image: np.ndarray) -> np.ndarray:
    """Means over 16x16 px blocks of image [N, N], N a multiple of 16; flat."""
    n = len(image) // BLOCK
    return image.reshape(n, BLOCK, n, BLOCK).mean((1, 3)).ravel()


def compare(supersampler: Supersampler, crop: np.ndarray, factor: int) -> dict[str, float]:
    """What one pass and the ensemble make of crop [N, N] in [0, 1].

    MSEs of either, as it is and refined, the root mean spread, and `correlation`, Spearman's, between the spread's and
    the ensemble's error's root mean squares in 16x16 px blocks.
    """
    target, size = blurred(crop), (crop.shape[0], crop.shape[1])
    scan = lattice.downsample(crop, factor)[None]
    first = lattice.offset(size[0], factor), lattice.offset(size[1], factor)
    images, spreads = ensemble(
        lambda turned, turned_size, start: supersampler.image(turned, turned_size, factor, start),
        scan,
        size,
        factor,
        first,
    )
    error, spread = (images[0] - target) ** 2, spreads[0] ** 2
    one = supersampler.image(scan, size, factor)
    return {
        "one": mse(one[0], target),
        "one_refined": mse(refine(one, scan, factor, first)[0], target),
        "ensemble": mse(images[0], target),
        "ensemble_refined": mse(refine(images, scan, factor, first)[0], target),
        "spread": float(np.sqrt(spread.mean())),
        "correlation": float(spearmanr(block_means(spread), block_means(error)).statistic),
    }


def summarize(images: dict[str, dict[str, float]]) -> dict[str, float]:
    """Root mean MSEs, the median image's correlation, and the correlation of spread and error between images."""
    columns = {name: [image[name] for image in images.values()] for name in (*MSES, "spread", "correlation")}
    return {
        **{name: root_mean(columns[name]) for name in MSES},
        "gain": 1 - root_mean(columns["ensemble"]) / root_mean(columns["one"]),
        "correlation_in_images": float(np.median(columns["correlation"])),
        "correlation_between_images": float(spearmanr(columns["spread"], columns["ensemble"]).statistic),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", required=True, help="folder with TIFFs in the STEM Crops layout")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"), help="(%(default)s)")
    parser.add_argument("--weights", help="run directory (the pretrained generator)")
    add_results(parser, "ensemble.json")
    arguments = parser.parse_args()
    supersampler = Supersampler(arguments.weights)
    files = list_files(arguments.data, arguments.split)
    per_image: dict[str, dict[str, dict[str, float]]] = {label(factor): {} for factor in TABLE_2_FACTORS}
    for path, crop in each("ensemble", central_crops(files, 512), len(files)):
        for factor in TABLE_2_FACTORS:
            per_image[label(factor)][path] = compare(supersampler, crop, factor)
    coverages = {coverage: summarize(images) for coverage, images in per_image.items()}
    for coverage, values in coverages.items():
        print(f"{coverage:6}", "  ".join(f"{name} {value:.4f}" for name, value in values.items()))
    report = {"coverages": coverages, "per_image": per_image, **provenance(arguments.data, arguments.split, 512)}
    with results_folder(arguments.out):
        write_json(os.path.join(arguments.out, "ensemble.json"), report)


if __name__ == "__main__":
    sys.exit(status("ensemble", main))
