"""Fig. 8: root MSE against a pixel's distance from the image's edge, and where the outer pixels are discarded."""

from __future__ import annotations

import numpy as np

from ._published import printed
from ._report import COLOURS, label_axes, new_figure, parser, run, write
from .fig07 import root_errors


def by_distance(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Root mean squares of errors [N, N] at each distance d = 0 ... from the nearest edge, and of all no nearer."""
    height, width = image.shape
    rows, columns = (np.minimum(np.arange(n), n - 1 - np.arange(n)) for n in (height, width))
    distance = np.minimum(rows[:, None], columns).ravel()
    squares, counts = np.bincount(distance, (image**2).ravel()), np.bincount(distance)
    within = np.cumsum(squares[::-1])[::-1] / np.cumsum(counts[::-1])[::-1]
    return np.sqrt(squares / counts), np.sqrt(within)


def main() -> None:
    """Draw it."""
    arguments = parser(__doc__, "fig08.json, .csv and .png").parse_args()
    image, count = root_errors("fig08", arguments)
    at, within = by_distance(image)
    paper = printed("fig08")
    figure, axes = new_figure()
    axes[0, 0].plot(at, label="pixels at that distance", linewidth=1)
    axes[0, 0].plot(within, label="pixels no nearer", linewidth=1.5)
    axes[0, 0].axhline(within[0], color=COLOURS[-1], linestyle="--", linewidth=1, label="all pixels")
    label_axes(axes[0, 0], "least distance from the edges, px", "root MSE, of the crop's range")
    discarded = min(paper["distance"], len(within) - 1)
    report = {
        "images": count,
        "root_mse_at_distance": at.tolist(),
        "root_mse_no_nearer": within.tolist(),
        "gain": {"discarded_px": discarded, "here": 1 - float(within[discarded] / within[0]), "paper": paper["gain"]},
        "paper": paper["where"],
    }
    rows = [("distance_px", "root_mse_at", "root_mse_no_nearer"), *zip(range(len(at)), at, within)]
    write("fig08", arguments, report, figure, rows)


if __name__ == "__main__":
    run("fig08", main)
