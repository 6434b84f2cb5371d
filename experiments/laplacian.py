"""Section VI: mean absolute Laplacians of segments of validation crops over those of the crops, downsampled."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlss_tf import lattice
from dlss_tf.errors import InputError
from dlss_tf.evaluation.images import image_name

from ._published import printed
from ._report import COLOURS, label_axes, new_figure, over_images, parser, run, write

FACTOR = 5  # 512 px downsampled are 103


def mean_absolute_laplacian(images: np.ndarray) -> float:
    """Of images [..., h, w], by the 5-point Laplacian of all pixels that have four neighbours."""
    rows = images[..., :-2, 1:-1] + images[..., 2:, 1:-1]
    columns = images[..., 1:-1, :-2] + images[..., 1:-1, 2:]
    return float(np.mean(np.abs(rows + columns - 4 * images[..., 1:-1, 1:-1]), dtype=np.float64))


def segments(crop: np.ndarray, side: int) -> np.ndarray:
    """All side x side px segments of crop [N, N] that lie edge to edge from its top left, [n, n, side, side]."""
    n = len(crop) // side
    return crop[: n * side, : n * side].reshape(n, side, n, side).swapaxes(1, 2)


def ratio(crop: np.ndarray) -> float | None:
    """Mean over a crop's segments of their Laplacians over that of the crop downsampled; None for a uniform one."""
    near = lattice.downsample(crop, FACTOR)
    below = mean_absolute_laplacian(near)
    return mean_absolute_laplacian(segments(crop, len(near))) / below if below else None


def main() -> None:
    """Draw the ratios' distribution."""
    arguments = parser(__doc__, "laplacian.json and .png", "val", generator=False).parse_args()
    values, _ = over_images("laplacian", arguments, lambda crop: ({"ratio": ratio(crop)}, {}), factor=FACTOR)
    ratios = [each["ratio"] for each in values.values() if each["ratio"] is not None]
    if not ratios:
        raise InputError("laplacian: expected images that are not uniform, found none")
    paper = printed("laplacian")
    mean = float(np.mean(ratios))
    figure, axes = new_figure(height=2.8)
    axes[0, 0].hist(ratios, bins=np.linspace(0, max(1.5, *ratios), 41), color=COLOURS[5])
    for value, colour, line, name in ((mean, COLOURS[1], "-", "mean here"), (paper["ratio"], "black", "--", "paper")):
        axes[0, 0].axvline(value, color=colour, linestyle=line, label=f"{name}, {value:.2f}")
    axes[0, 0].yaxis.get_major_locator().set_params(integer=True)
    label_axes(axes[0, 0], "mean absolute Laplacian, segments over downsampled crop", "images")
    report: dict[str, Any] = {
        "images": len(ratios),
        "uniform_images_left_out": len(values) - len(ratios),
        "ratio": {"here": mean, "paper": paper["ratio"]},
        "median": float(np.median(ratios)),
        "paper": paper["where"],
        "per_image": {image_name(path, arguments.data): each["ratio"] for path, each in values.items()},
    }
    write("laplacian", arguments, report, figure)


if __name__ == "__main__":
    run("laplacian", main)
