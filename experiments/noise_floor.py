"""Beyond the paper: errors at 1/25 beside the least that the truth's own noise allows a generator."""

from __future__ import annotations

import numpy as np
from skimage.restoration import estimate_sigma

from dlss_tf import Supersampler
from dlss_tf.evaluation.images import blurred, completed, image_name, label
from dlss_tf.evaluation.metrics import mse, root_mean
from dlss_tf.evaluation.noise import LEFT, floor

from ._report import COLOURS, label_axes, new_figure, over_images, parser, run, write

FACTOR = 5


def main() -> None:
    """Draw it."""
    arguments = parser(__doc__, "noise_floor.json, .csv and .png").parse_args()
    supersampler = Supersampler(arguments.weights)
    supersampler.check_factor(FACTOR)

    def measure(crop: np.ndarray) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        error = mse(completed(supersampler, crop, FACTOR)[1], blurred(crop))
        return {"mse": error, "noise": float(estimate_sigma(crop))}, {}

    values, _ = over_images("noise_floor", arguments, measure, factor=FACTOR)
    noise = np.array([each["noise"] for each in values.values()])
    root = np.sqrt([each["mse"] for each in values.values()])
    figure, axes = new_figure()
    axes[0, 0].plot(noise, root, "o", alpha=0.7, label="images")
    line = np.array([0, 1.05 * noise.max()])
    axes[0, 0].plot(line, floor(line, FACTOR), color=COLOURS[1], label="noise floor")
    axes[0, 0].set_ylim(bottom=0)
    label_axes(
        axes[0, 0], "noise estimated from the full image, of its range", f"root MSE at {label(FACTOR)} px coverage"
    )
    names = [image_name(path, arguments.data) for path in values]
    report = {
        "images": len(values),
        "share_of_variance_that_blur_leaves": LEFT,
        "root_mean_mse": root_mean(root**2),
        "root_mean_floor": root_mean(floor(noise, FACTOR) ** 2),
        "images_below_the_floor": int(np.sum(root < floor(noise, FACTOR))),
        "per_image": dict(zip(names, values.values())),
    }
    rows = list(zip(names, noise.tolist(), root.tolist(), floor(noise, FACTOR).tolist()))
    write("noise_floor", arguments, report, figure, [("image", "noise", "root_mse", "floor"), *rows])


if __name__ == "__main__":
    run("noise_floor", main)
