"""Do a generator's error bars hold? How many pixels lie within them, and whether they tell where errors are large."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from dlss_tf import Supersampler, lattice, weights
from dlss_tf.evaluation import fit_uncertainty
from dlss_tf.evaluation.evaluate import TABLE_2_FACTORS
from dlss_tf.evaluation.images import blurred, label
from dlss_tf.evaluation.metrics import root_mean

from ._report import over_images, parser, run, write
from .ensemble import block_means

INTERVALS = {f"{share:.0%}": limit for share, limit in fit_uncertainty.INTERVALS.items()}  # by column
HEADER = ("coverage", *INTERVALS, "correlation_in_images", "foreseeable", "correlation_between_images")
DRAWS = 3


def compare(supersampler: Supersampler, crop: np.ndarray, factor: int) -> dict[str, float]:
    """For crop [N, N] in [0, 1]: shares of pixels within the intervals; mean squares of what was told and what was."""
    scan = lattice.downsample(crop, factor)
    image, told = (each[0] for each in supersampler.image_with_deviation(scan[None], crop.shape, factor))
    errors = image - blurred(crop)
    within = {name: float(np.mean(np.abs(errors) <= limit * told)) for name, limit in INTERVALS.items()}
    squares = {"told": told**2, "error": errors**2}
    blocks = [block_means(each) for each in squares.values()]
    return {
        **within,
        **{name: float(np.mean(each)) for name, each in squares.items()},
        "correlation": float(spearmanr(*blocks).statistic),
        "foreseeable": foreseeable(errors),
    }


def foreseeable(errors: np.ndarray) -> float:
    """About the correlation with errors [N, N] that a map of their true deviations would have: 0 to 1.

    By chance alone errors of one deviation everywhere differ between blocks: as those of the same spectrum and random
    phases do. What the logarithms of their mean squares vary beyond that is the rest.
    """
    random, spectrum = np.random.default_rng(0), np.abs(np.fft.rfft2(errors))

    def varies(field: np.ndarray) -> float:
        return float(np.log(np.maximum(block_means(field**2), 1e-12)).var())

    phases = [np.fft.rfft2(random.normal(size=errors.shape)) for _ in range(DRAWS)]
    chance = np.mean([varies(np.fft.irfft2(spectrum * each / np.abs(each), errors.shape)) for each in phases])
    return float(np.sqrt(np.clip(1 - chance / max(varies(errors), 1e-12), 0, 1)))


def summarize(images: dict[str, dict[str, float]]) -> dict[str, float]:
    """Over images: mean shares, median correlations within, and the correlation between them."""
    found = {name: [each[name] for each in images.values()] for name in next(iter(images.values()))}
    return {
        **{name: float(np.mean(found[name])) for name in INTERVALS},
        "correlation_in_images": float(np.median(found["correlation"])),
        "foreseeable": float(np.median(found["foreseeable"])),
        "correlation_between_images": float(spearmanr(found["told"], found["error"]).statistic),
        "told": root_mean(found["told"]),
        "error": root_mean(found["error"]),
    }


def main() -> None:
    """Measure, print a line for each coverage."""
    options = parser(__doc__, "error_bars.json and .csv")
    options.set_defaults(weights=weights.PRETRAINED)
    arguments = options.parse_args()
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
