"""Section II: how well ADAM deconvolves blurred training crops, by the mean squared errors that the paper prints."""

from __future__ import annotations

import numpy as np

from dlss_tf.evaluation.images import blurred, image_name
from dlss_tf.evaluation.metrics import mse
from dlss_tf.inference.deconvolution import adam

from ._published import printed
from ._report import COLOURS, FONT, label_axes, new_figure, over_images, parser, run, write

ERRORS = ("before", "error", "residual")


def errors(crop: np.ndarray) -> dict[str, float]:
    """MSEs of a crop [N, N] in [0, 1]: blurred and deconvolved against it, blurred once more against the blurred.

    The paper prints the first and the last.
    """
    soft = blurred(crop)
    sharp = adam(soft[None])[0]
    return dict(zip(ERRORS, (mse(soft, crop), mse(sharp, crop), mse(blurred(sharp), soft))))


def main() -> None:
    """Draw their distributions."""
    made = parser(__doc__, "section2.json, .csv and .png", "train", generator=False)
    made.set_defaults(limit=1000)  # as published
    arguments = made.parse_args()
    values, _ = over_images("section2", arguments, lambda crop: (errors(crop), {}))
    paper = printed("section2")
    figure, axes = new_figure(height=3.6)
    mean = {name: float(np.mean([each[name] for each in values.values()])) for name in ERRORS}
    titles = ("blurred", "deconvolved", "deconvolved and blurred again, from the blurred")
    for name, title, colour in zip(ERRORS, titles, COLOURS):
        found = np.sort([each[name] for each in values.values()])
        axes[0, 0].plot(found, np.arange(1, len(found) + 1), color=colour, label=f"{title}: mean {mean[name]:.2g}")
        if name in paper:
            axes[0, 0].axvline(paper[name], color=colour, linestyle="--", label=f"paper's mean {paper[name]:.2g}")
    axes[0, 0].set_xscale("log")
    axes[0, 0].yaxis.get_major_locator().set_params(integer=True)
    label_axes(axes[0, 0], "MSE, of the crop's range squared", "crops with no more", legend=False)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=FONT - 1)
    names = [image_name(path, arguments.data) for path in values]
    rows = [("image", *ERRORS), *([name, *each.values()] for name, each in zip(names, values.values()))]
    write("section2", arguments, {"images": len(values), "mean": mean, "paper": paper}, figure, rows)


if __name__ == "__main__":
    run("section2", main)
