"""Fig. 7: root MSE at each output pixel, over test images and coverages, with the corner enlarged."""

from __future__ import annotations

import argparse

import numpy as np

from dlss_tf import Supersampler
from dlss_tf.evaluation.images import blurred, completed, label
from dlss_tf.lattice import TRAINED_FACTORS

from ._report import COLOURS, FONT, new_figure, over_images, parser, run, write

INSET = 16  # px a side, of the top left corner


def root_errors(name: str, arguments: argparse.Namespace) -> tuple[np.ndarray, int]:
    """sqrt of the mean squared error at each pixel, [N, N] in the crop's [0, 1], over images and s = 4 ... 10."""
    supersampler = Supersampler(arguments.weights)

    def measure(crop: np.ndarray) -> tuple[dict, dict[str, np.ndarray]]:
        target = blurred(crop)
        return {}, {"error": sum((completed(supersampler, crop, s)[1] - target) ** 2 for s in TRAINED_FACTORS)}

    values, sums = over_images(name, arguments, measure, factors=TRAINED_FACTORS)
    return np.sqrt(sums["error"] / (len(values) * len(TRAINED_FACTORS))), len(values)


def main() -> None:
    """Draw it."""
    arguments = parser(__doc__, "fig07.json and .png").parse_args()
    image, count = root_errors("fig07", arguments)
    low, high = np.percentile(image, (1, 99))
    figure, axes = new_figure(height=5.2)
    shown = axes[0, 0].imshow(image, cmap="viridis", vmin=low, vmax=high)
    bar = figure.colorbar(shown, ax=axes[0, 0], shrink=0.8)
    bar.set_label("root MSE, of the crop's range", fontsize=FONT)
    inset = axes[0, 0].inset_axes((0.6, 0.6, 0.38, 0.38))
    inset.imshow(image[:INSET, :INSET], cmap="viridis", vmin=low, vmax=high)
    inset.set(xticks=[], yticks=[])
    inset.spines[:].set_color(COLOURS[4])
    axes[0, 0].set_xlabel("column, px", fontsize=FONT)
    axes[0, 0].set_ylabel("row, px", fontsize=FONT)
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    report = {
        "images": count,
        "coverages": [label(s) for s in TRAINED_FACTORS],
        "root_mse": float(np.sqrt(np.mean(image**2))),
        "root_mse_of_the_outermost_pixels": float(np.sqrt(np.mean(edge**2))),
        "root_mse_of_the_corner": float(np.sqrt(np.mean(image[:INSET, :INSET] ** 2))),
    }
    write("fig07", arguments, report, figure)


if __name__ == "__main__":
    run("fig07", main)
