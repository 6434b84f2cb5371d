"""Fig. 1: probing locations of a point scan, here every fifth pixel a side, and the pixels that each one infills."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Patch

from dlss_tf.lattice import infill_index, positions

from ._report import COLOURS, FONT, new_figure, parser, run, write

SIZE, FACTOR = 15, 5  # px a side; s


def regions(size: int, factor: int) -> np.ndarray:
    """For each pixel, as on a chessboard, 0 or 1 by the probing location that fills it; int64 [size, size]."""
    sample = np.searchsorted(positions(size, factor), infill_index(size, factor))
    return (sample[:, None] + sample) % 2


def main() -> None:
    """Draw it."""
    arguments = parser(__doc__, "fig01.json and .png", split=None).parse_args()
    sampled, pixels = positions(SIZE, FACTOR), np.arange(SIZE)
    figure, grid = new_figure(height=4.2)
    axes = grid[0, 0]
    axes.imshow(regions(SIZE, FACTOR), cmap="Greys", vmin=0, vmax=6)
    axes.scatter(*np.meshgrid(pixels, pixels), s=5, color="#777777", label=f"pixels of the image, {SIZE}×{SIZE}")
    columns, rows = np.meshgrid(sampled, sampled)
    axes.plot(columns.ravel(), rows.ravel(), color=COLOURS[1], linewidth=1, linestyle="--", label="the beam's path")
    label = f"probing locations, {len(sampled)}×{len(sampled)}"
    axes.scatter(columns, rows, s=70, color=COLOURS[0], zorder=3, label=label)
    axes.annotate("", (sampled[1], -1.1), (sampled[0], -1.1), arrowprops={"arrowstyle": "<->"}, annotation_clip=False)
    middle = (sampled[0] + sampled[1]) / 2
    axes.text(middle, -1.4, f"s = {FACTOR} px", ha="center", va="bottom", fontsize=FONT)
    axes.set(xlabel="column, px", ylabel="row, px", xticks=sampled, yticks=sampled)
    handles = [Patch(facecolor="#E7E7E7", edgecolor="#777777", label="filled from one, also white")]
    axes.legend(
        handles=axes.get_legend_handles_labels()[0] + handles,
        loc="center left",
        bbox_to_anchor=(1.02, 0.5),
        frameon=False,
        fontsize=FONT - 1,
        labelspacing=1.2,
    )
    report = {
        "size_px": SIZE,
        "factor": FACTOR,
        "positions": sampled.tolist(),
        "filled_by": infill_index(SIZE, FACTOR).tolist(),
        "coverage": len(sampled) ** 2 / SIZE**2,
    }
    write("fig01", arguments, report, figure)


if __name__ == "__main__":
    run("fig01", main)
