"""Beyond the paper: how far apart runs are that differ in their seed alone, by the errors of Table 2's coverages."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import numpy as np

from dlss_tf import Supersampler
from dlss_tf.config import Config
from dlss_tf.errors import InputError
from dlss_tf.evaluation.evaluate import TABLE_2_FACTORS
from dlss_tf.evaluation.images import label

from ._errors import errors, root_means
from ._report import COLOURS, label_axes, new_figure, parser, run, write

RootMeans = dict[str, dict[str, float]]  # of a run, by coverage: mean and std
BEYOND = ("seed", "adversarial", "checkpoint_minutes")  # may differ; an adversarial run's first half is kept as one


def check(configs: list[Config]) -> None:
    """InputError unless there are two runs or more, alike but for their seeds, which differ."""
    if len(configs) < 2:
        raise InputError(f"--run: expected two runs or more, found {len(configs)}")
    for name in vars(configs[0]):
        values = [getattr(config, name) for config in configs]
        if name == "seed" and len(set(values)) < len(values):
            raise InputError(f"--run: expected runs of different seeds, found {values}")
        if name not in BEYOND and len(set(values)) > 1:
            raise InputError(f"--run: expected runs that differ in their seed alone, found {name} {values}")


def spread(runs: Iterable[RootMeans]) -> dict[str, dict[str, float]]:
    """By coverage, mean and sample standard deviation over runs of the root mean MSE of all images."""
    each = list(runs)
    by_coverage = {label(s): [means[label(s)]["mean"] for means in each] for s in TABLE_2_FACTORS}
    return {c: {"mean": float(np.mean(x)), "std": float(np.std(x, ddof=1))} for c, x in by_coverage.items()}


def main() -> None:
    """Draw it."""
    made = parser(__doc__, "seeds.json, .csv and .png", generator=False)
    made.add_argument("--run", action="append", required=True, help="run directory; once for each seed")
    arguments = made.parse_args()
    supersamplers = [Supersampler(directory) for directory in arguments.run]
    check([each.config for each in supersamplers])
    found = {
        each.config.seed: errors(
            f"seeds-{each.config.seed}", argparse.Namespace(**vars(arguments), weights=run), each, TABLE_2_FACTORS
        )
        for run, each in zip(arguments.run, supersamplers)
    }
    by_seed = {seed: root_means(of_run, TABLE_2_FACTORS) for seed, of_run in found.items()}
    over = spread(by_seed.values())
    figure, axes = new_figure()
    for (seed, of_run), colour in zip(by_seed.items(), COLOURS[1:]):
        means = [each["mean"] for each in of_run.values()]
        axes[0, 0].plot(TABLE_2_FACTORS, means, "o", mfc="none", color=colour, label=f"seed {seed}")
    mean, std = (np.array([each[name] for each in over.values()]) for name in ("mean", "std"))
    axes[0, 0].errorbar(TABLE_2_FACTORS, mean, std, color=COLOURS[0], capsize=3, label="mean, standard deviation")
    axes[0, 0].set_xticks(TABLE_2_FACTORS, list(over))
    label_axes(axes[0, 0], "coverage, px", "root MSE, of the crop's range")
    report = {
        "images": len(next(iter(found.values()))),
        "runs": arguments.run,
        "coverages": over,
        "by_seed": {str(seed): of_run for seed, of_run in by_seed.items()},
    }
    rows = [(c, f"{each['mean']:.6g}", f"{each['std']:.3g}") for c, each in over.items()]
    write("seeds", arguments, report, figure, [("coverage", "mean_over_seeds", "std_over_seeds"), *rows])


if __name__ == "__main__":
    run("seeds", main)
