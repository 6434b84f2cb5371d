"""Fig. 2: root MSEs of training crops at each coverage, and the quadratic that fits the MSEs, beside eq. 1."""

from __future__ import annotations

import numpy as np

from dlss_tf import Supersampler
from dlss_tf.evaluation.fit_p import fit_quadratic
from dlss_tf.evaluation.images import label
from dlss_tf.lattice import TRAINED_FACTORS, coverage, p_raw

from ._errors import at, errors, root_means
from ._published import printed
from ._report import COLOURS, label_axes, new_figure, parser, run, write

TICKS = (4, 5, 6, 7, 8, 10)  # factors; 9 would touch 10


def root(c: float, coefficients: tuple[float, ...]) -> float:
    """Square root of a quadratic at coverage c; nothing, where it is negative."""
    value = p_raw(c, coefficients)
    return float(np.sqrt(value)) if value >= 0 else float("nan")


def main() -> None:
    """Draw it."""
    arguments = parser(__doc__, "fig02.json, .csv and .png", "train").parse_args()
    found = errors("fig02", arguments, Supersampler(arguments.weights), TRAINED_FACTORS)
    means = {s: each["mean"] for s, each in zip(TRAINED_FACTORS, root_means(found, TRAINED_FACTORS).values())}
    fitted = fit_quadratic({coverage(s): float(np.mean(at(found, s))) for s in TRAINED_FACTORS})
    paper = printed("fig02")
    published = tuple(paper["coefficients"])
    figure, axes = new_figure()
    shown = np.linspace(coverage(TRAINED_FACTORS[-1]), coverage(TRAINED_FACTORS[0]), 200)
    axes[0, 0].plot([coverage(s) for s in means], list(means.values()), "o", label="measured")
    axes[0, 0].plot(shown, [root(c, fitted) for c in shown], color=COLOURS[0], label="quadratic fit of their squares")
    axes[0, 0].plot(shown, [root(c, published) for c in shown], "--", color=COLOURS[-1], label="eq. 1, as published")
    axes[0, 0].set_xticks([coverage(s) for s in TICKS], [label(s) for s in TICKS])
    label_axes(axes[0, 0], "coverage, px", "root MSE, of the crop's range")
    report = {
        "images": len(found),
        "root_mse": {label(s): mean for s, mean in means.items()},
        "fitted_root_mse": {label(s): root(coverage(s), fitted) for s in means},
        "coefficients": {"here": fitted, "paper": published},
        "paper_root_mse": {label(s): root(coverage(s), published) for s in means},
        "paper": paper["where"],
    }
    rows = [(label(s), means[s], root(coverage(s), fitted), root(coverage(s), published)) for s in means]
    write("fig02", arguments, report, figure, [("coverage", "root_mse", "fitted", "equation_1"), *rows])


if __name__ == "__main__":
    run("fig02", main)
