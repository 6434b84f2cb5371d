"""Networks beside their strongest rivals: denoising of the scan, then cubic interpolation on its true lattice.

Root mean MSEs at Table 2's coverages, of all images and of each class, with the noise floor. Run by `make rivals`, in
an environment that has the rivals.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
from skimage.restoration import estimate_sigma

from dlss_tf import Supersampler, lattice
from dlss_tf.data.files import list_files
from dlss_tf.evaluation import interpolation
from dlss_tf.evaluation.evaluate import TABLE_2_FACTORS, VALIDATION_CROPS
from dlss_tf.evaluation.images import blurred, central_crops, completed, image_name, label, refined
from dlss_tf.evaluation.metrics import format_table, mse, summarize, table_rows
from dlss_tf.evaluation.noise import floor
from dlss_tf.evaluation.results import digest_of_weights

from ._classes import add_classes, by_class
from ._report import over_images, parser, run, write
from ._rivals import interpolated, rivals, total_variation

STRENGTHS = (0.25, 0.5, 1.0, 1.5, 2.0)  # of total variation, the best on validation is taken
HEADER = ("class", "coverage", "method", "root_mean_mse", "root_std_mse", "ratio_to_bilinear")


def best_strength(data: Sequence[str], factor: int, size: int) -> float:
    """The total variation whose mean MSE on the validation split is the least."""
    crops = [crop for _, crop in central_crops(list_files(data, "val")[:VALIDATION_CROPS], size)]
    return min(STRENGTHS, key=lambda strength: np.mean([_variation_error(crop, factor, strength) for crop in crops]))


def _variation_error(crop: np.ndarray, factor: int, strength: float) -> float:
    scan = lattice.downsample(crop, factor)
    denoised = interpolated(lambda each: total_variation(each, strength), scan, crop.shape, factor)
    return mse(denoised, blurred(crop))


def errors(crop: np.ndarray, factor: int, networks: Mapping[str, Supersampler], strength: float) -> dict[str, float]:
    """MSE of every row for crop [N, N] in [0, 1] at one coverage, and the square of its noise floor."""
    part = interpolation.published_crop(crop, factor)
    found = {"bilinear": mse(interpolation.published(crop, factor, "bilinear"), blurred(part))}
    scan, target = lattice.downsample(crop, factor), blurred(crop)
    for method in ("lattice_bicubic", "non_local_means"):
        found[method] = mse(getattr(interpolation, method)(scan, crop.shape, factor), target)
    for method, denoise in rivals(strength).items():
        found[method] = mse(interpolated(denoise, scan, crop.shape, factor), target)
    for name, supersampler in networks.items():
        output = completed(supersampler, crop, factor)[1]
        found[name] = mse(output, target)
        found[f"{name}, refined"] = mse(refined(output, crop, factor), target)
    return {**found, "noise_floor": float(floor(float(estimate_sigma(crop)), factor) ** 2)}


def main() -> None:
    """Measure, print a table of all images and one of each class."""
    made = parser(__doc__, "rivals.json and .csv", generator=False)
    made.add_argument("--weights", dest="networks", action="append", default=[], help="a network, once for each")
    add_classes(made)
    arguments = made.parse_args()
    networks = {os.path.basename(os.path.normpath(each)): Supersampler(each) for each in arguments.networks}
    strengths = {s: best_strength(arguments.data, s, arguments.size) for s in TABLE_2_FACTORS}

    def measure(crop: np.ndarray) -> tuple[dict, dict]:
        return {label(s): errors(crop, s, networks, strengths[s]) for s in TABLE_2_FACTORS}, {}

    digests = {name: digest_of_weights(each) for name, each in zip(networks, arguments.networks)}
    values, _ = over_images("rivals", arguments, measure, networks=digests, variation=list(strengths.values()))
    per_image = {image_name(path, arguments.data): each for path, each in values.items()}
    groups = by_class(per_image, arguments.classes)
    tables = {name: {"images": len(group), "coverages": summarize(group)} for name, group in groups.items()}
    for name, table in tables.items():
        print(f"\n{name}\n{format_table(table)}")
    rows = [(name, *row) for name, table in tables.items() for row in table_rows(table)]
    strength = {label(s): each for s, each in strengths.items()}
    report = {"classes": tables, "per_image": per_image, "networks": arguments.networks, "variation": strength}
    write("rivals", arguments, report, None, [HEADER, *rows])


if __name__ == "__main__":
    run("rivals", main)
