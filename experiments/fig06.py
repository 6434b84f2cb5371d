"""Fig. 6: root MSEs of test crops at coverages that a generator is trained for, between dashed lines, and others."""

from __future__ import annotations

from dlss_tf import Supersampler
from dlss_tf.evaluation.images import label
from dlss_tf.evaluation.metrics import ABOUT

from ._errors import errors, root_means
from ._published import printed
from ._report import COLOURS, label_axes, new_figure, parser, run, write

FACTORS = tuple(range(3, 13))


def main() -> None:
    """Draw it."""
    arguments = parser(__doc__, "fig06.json, .csv and .png").parse_args()
    supersampler = Supersampler(arguments.weights)
    trained = supersampler.config.factors
    found = errors("fig06", arguments, supersampler, FACTORS)
    here = root_means(found, FACTORS)
    paper = printed("table2")["mean"]["unified"]
    figure, axes = new_figure()
    axes[0, 0].plot(FACTORS, [here[label(s)]["mean"] for s in FACTORS], "o-", label="here")
    printed_at = [s for s in FACTORS if label(s) in paper]
    axes[0, 0].plot(
        printed_at, [paper[label(s)] for s in printed_at], "s", mfc="none", label="paper's Table 2, unified"
    )
    for i, s in enumerate((min(trained), max(trained))):
        axes[0, 0].axvline(s, color=COLOURS[-1], linestyle="--", linewidth=1, label="" if i else "trained range")
    axes[0, 0].set_xticks(FACTORS, [label(s) for s in FACTORS])
    axes[0, 0].set_ylim(bottom=0)
    label_axes(axes[0, 0], "coverage, px", "root MSE, of the crop's range")
    report = {
        "images": len(found),
        "about": ABOUT,
        "trained_for": [label(s) for s in trained],
        "coverages": here,
        "paper": {"mean": paper, "where": "Table 2, DLSS-Unified; fig. 6 itself prints no numbers"},
        "per_image": found,
    }
    rows = [(name, each["mean"], each["std"], paper.get(name)) for name, each in here.items()]
    write("fig06", arguments, report, figure, [("coverage", "root_mean_mse", "root_std_mse", "paper"), *rows])


if __name__ == "__main__":
    run("fig06", main)
