"""Do a generator's error bars hold? How many pixels lie within them, and whether they tell where errors are large."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from dlss_tf import Supersampler, lattice, weights
from dlss_tf.evaluation.evaluate import TABLE_2_FACTORS
from dlss_tf.evaluation.images import blurred, label
from dlss_tf.evaluation.metrics import root_mean

from ._report import over_images, parser, run, write
from .ensemble import block_means

INTERVALS = {"68%": 0.99446, "95%": 1.95996}  # standard deviations of a normal distribution on either side
HEADER = ("coverage", *INTERVALS, "correlation_in_images", "correlation_between_images")


def compare(supersampler: Supersampler, crop: np.ndarray, factor: int) -> dict[str, float]:
    """For crop [N, N] in [0, 1]: shares of pixels within the intervals; mean squares of what was told and what was."""
    scan = lattice.downsample(crop, factor)
    image, told = (each[0] for each in supersampler.image_with_deviation(scan[None], crop.shape, factor))
    errors = np.abs(image - blurred(crop))
    within = {name: float(np.mean(errors <= limit * told)) for name, limit in INTERVALS.items()}
    squares = {"told": told**2, "error": errors**2}
    blocks = [block_means(each) for each in squares.values()]
    return {
        **within,
        **{name: float(np.mean(each)) for name, each in squares.items()},
        "correlation": float(spearmanr(*blocks).statistic),
    }


def summarize(images: dict[str, dict[str, float]]) -> dict[str, float]:
    """Over images: mean shares, the median correlation within, and the correlation between them."""
    found = {name: [each[name] for each in images.values()] for name in next(iter(images.values()))}
    return {
        **{name: float(np.mean(found[name])) for name in INTERVALS},
        "correlation_in_images": float(np.median(found["correlation"])),
        "correlation_between_images": float(spearmanr(found["told"], found["error"]).statistic),
        "told": root_mean(found["told"]),
        "error": root_mean(found["error"]),
    }


def main() -> None:
    """Measure, print a line for each coverage."""
    arguments = parser(__doc__, "error_bars.json and .csv").parse_args()
    supersampler = Supersampler(arguments.weights)

    def measure(crop: np.ndarray) -> tuple[dict, dict]:
        return {label(s): compare(supersampler, crop, s) for s in TABLE_2_FACTORS}, {}

    bars = {name: float(np.sum(array)) for name, array in weights.load_spread(arguments.weights).items()}
    values, _ = over_images("error_bars", arguments, measure, bars=bars)
    coverages = {label(s): summarize({k: each[label(s)] for k, each in values.items()}) for s in TABLE_2_FACTORS}
    for coverage, found in coverages.items():
        print(f"{coverage:6}", "  ".join(f"{name} {value:.4g}" for name, value in found.items()))
    rows = [(coverage, *(found[name] for name in HEADER[1:])) for coverage, found in coverages.items()]
    write("error_bars", arguments, {"coverages": coverages, "per_image": values}, None, [HEADER, *rows])


if __name__ == "__main__":
    run("error_bars", main)
