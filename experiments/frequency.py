"""Beyond the paper: how well outputs at 1/25 follow the truth at each spatial frequency, beside traditional methods.

The truth is the blurred one that generators are trained and measured against, whose noise is in it, blurred too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlss_tf import Supersampler, lattice
from dlss_tf.evaluation.images import blurred, completed
from dlss_tf.evaluation.interpolation import lattice_bicubic, non_local_means
from dlss_tf.evaluation.metrics import METHOD_NAMES
from dlss_tf.evaluation.spectra import fourier_ring_correlation, power_spectrum

from ._report import COLOURS, label_axes, new_figure, over_images, parser, run, write

FACTOR = 5
METHODS = ("dlss", "non_local_means", "lattice_bicubic")
TRUTH = "truth"
HALF = 0.5  # correlation at which images are commonly said to differ
SHOWN = 0.25  # cycles/px; beyond, the blur leaves hardly anything of the truth, some of it with its sign turned round


def spectra(supersampler: Supersampler, crop: np.ndarray) -> dict[str, np.ndarray]:
    """Of crop [N, N] in [0, 1], by frequency: each method's ring correlation and its error's power; truth's power."""
    scan, target = lattice.downsample(crop, FACTOR), blurred(crop)
    images = {
        "dlss": completed(supersampler, crop, FACTOR)[1],
        "non_local_means": non_local_means(scan, crop.shape, FACTOR),
        "lattice_bicubic": lattice_bicubic(scan, crop.shape, FACTOR),
    }
    found = {f"correlation {name}": fourier_ring_correlation(image, target)[1] for name, image in images.items()}
    found |= {f"power {name}": power_spectrum(image - target)[1] for name, image in images.items()}
    return {**found, f"power {TRUTH}": power_spectrum(target)[1]}


def resolved(frequency: np.ndarray, correlation: np.ndarray, level: float = HALF) -> float | None:
    """The highest frequency, cycles/px, at which a correlation is the level or more; None if there is none."""
    above = np.flatnonzero(correlation >= level)
    return float(frequency[above[-1]]) if above.size else None


def main() -> None:
    """Draw both."""
    arguments = parser(__doc__, "frequency.json, .csv and .png").parse_args()
    supersampler = Supersampler(arguments.weights)
    supersampler.check_factor(FACTOR)
    values, sums = over_images("frequency", arguments, lambda crop: ({}, spectra(supersampler, crop)), factor=FACTOR)
    means = {name: array / len(values) for name, array in sums.items()}
    frequency = np.arange(1, arguments.size // 2 + 1) / arguments.size
    figure, axes = new_figure(1, 2)
    left, right = axes[0]
    for name in METHODS:
        left.plot(frequency, means[f"correlation {name}"], linewidth=1.2, label=METHOD_NAMES[name])
        right.semilogy(frequency, means[f"power {name}"], linewidth=1.2, label=f"error, {METHOD_NAMES[name]}")
    right.semilogy(frequency, means[f"power {TRUTH}"], color=COLOURS[-1], linewidth=1.2, label="truth")
    for panel in (left, right):
        panel.set_xlim(0, SHOWN)
        panel.axvline(0.5 / FACTOR, color="0.5", linestyle=":", linewidth=1, label="scan's Nyquist frequency")
    left.set_ylim(-0.1, 1.02)
    right.set_ylim(bottom=0.3 * means[f"power {TRUTH}"][frequency <= SHOWN].min())
    label_axes(left, "spatial frequency, cycles/px", "ring correlation with the truth")
    label_axes(right, "spatial frequency, cycles/px", "power, of the crop's range squared")
    report: dict[str, Any] = {
        "images": len(values),
        "truth": "the crop under the 5x5, 2.5 px Gaussian",
        "scan_nyquist_cycles_per_px": 0.5 / FACTOR,
        "correlation_of_half_up_to_cycles_per_px": {
            name: resolved(frequency, means[f"correlation {name}"]) for name in METHODS
        },
        "frequency_cycles_per_px": frequency.tolist(),
        **{name.replace(" ", "_"): mean.tolist() for name, mean in means.items()},
    }
    rows = zip(frequency, *means.values())
    write("frequency", arguments, report, figure, [("cycles_per_px", *means), *rows])


if __name__ == "__main__":
    run("frequency", main)
