"""Fig. 10: learning curves, eq. 11 for one-stage generators and eq. 3 for two-stage ones, boxcar averaged."""

from __future__ import annotations

import contextlib
import glob
import os

import numpy as np
import tensorflow as tf

from dlss_tf.config import CONFIG_FILE, Config
from dlss_tf.errors import InputError
from dlss_tf.training.trainer import LOG_EVERY, NON_ADVERSARIAL

from ._report import COLOURS, label_axes, new_figure, parser, plain_ticks, run, write

BOXCAR = 2500  # iterations, as published, which is
MOST = 1 / 40  # of the one-stage generator's 10^5; no more of a shorter run
LEFT_OUT = 0.01  # of the iterations


def logged(directory: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Iterations and values of a scalar in a run's logs; what was logged before a run went on from earlier, replaced.

    Raises:
        InputError: there are none.
    """
    curve: dict[int, float] = {}
    for path in sorted(glob.glob(os.path.join(directory, "logs", "*tfevents*"))):
        found: dict[int, float] = {}
        with contextlib.suppress(tf.errors.DataLossError):  # a line that is being written
            for event in tf.compat.v1.train.summary_iterator(path):
                for value in event.summary.value:
                    if value.tag == name:
                        found[event.step] = float(tf.make_ndarray(value.tensor))
        curve = {step: value for step, value in curve.items() if step < min(found, default=np.inf)} | found
    if not curve:
        raise InputError(f"{directory}/logs: expected a run's {name.replace('_', ' ')}, found none")
    return np.array(list(curve)), np.array(list(curve.values()))


def boxcar(steps: np.ndarray, values: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres of windows of `width` values, and their means; all values are one window if there are fewer."""
    width = min(width, len(values))
    window = np.full(width, 1 / width)
    return np.convolve(steps, window, "valid"), np.convolve(values, window, "valid")


def curve_of(directory: str) -> tuple[Config, np.ndarray, np.ndarray, int]:
    """A run's configuration, iterations and averaged losses of its non-adversarial half, and how many are averaged.

    Of the generator that an adversarial run keeps of that half, the logs are that run's.

    Raises:
        InputError: nothing is logged beyond the iterations that are left out.
    """
    config = Config.load(os.path.join(directory, CONFIG_FILE))
    if os.path.basename(os.path.normpath(directory)) == NON_ADVERSARIAL:
        directory = os.path.dirname(os.path.normpath(directory))
    steps, losses = logged(directory, "equation_11" if config.network == "one-stage" else "equation_3")
    begins = steps - LOG_EVERY  # each value is the mean of as many iterations
    shown = (begins >= LEFT_OUT * config.iterations) & (steps <= config.iterations)
    if not shown.any():
        raise InputError(
            f"{directory}/logs: expected more than {LEFT_OUT:.0%} of the run, found {steps[-1]} iterations"
        )
    points = max(1, round(min(BOXCAR, MOST * config.iterations) / LOG_EVERY))
    return config, *boxcar(steps[shown] - LOG_EVERY / 2, losses[shown], points), points * LOG_EVERY


def main() -> None:
    """Draw it."""
    made = parser(__doc__, "fig10.json, .csv and .png", split=None)
    made.add_argument("--run", action="append", required=True, metavar="LABEL=RUN", help="a run; several times")
    arguments = made.parse_args()
    report, rows = {}, []
    figure, grid = new_figure()
    axes = grid[0, 0]
    for given, colour in zip(arguments.run, COLOURS):
        label, _, directory = given.partition("=")
        config, steps, losses, averaged = curve_of(directory or label)
        axes.plot(steps, losses, color=colour, linewidth=1, label=label)
        frozen = round(config.freeze_at * config.iterations)
        axes.axvline(LEFT_OUT * config.iterations, color=colour, linestyle="--", linewidth=0.8)
        axes.axvline(frozen, color=colour, linestyle=":", linewidth=1.2)
        report[label] = {
            "run": directory or label,
            "network": config.network,
            "iterations": config.iterations,
            "frozen_from": frozen,
            "averaged_iterations": averaged,
            "last": float(losses[-1]),
        }
        rows += [(label, f"{step:g}", f"{loss:.6g}") for step, loss in zip(steps, losses)]
    axes.plot([], [], "k--", linewidth=0.8, label=f"{LEFT_OUT:.0%} of the iterations")
    axes.plot([], [], "k:", linewidth=1.2, label="batch norm frozen from there")
    axes.set_yscale("log")
    plain_ticks(axes.yaxis)
    label_axes(axes, "iteration", "200 MSE / p(c), of the crop's range")
    write("fig10", arguments, {"runs": report}, figure, [("label", "iteration", "loss"), *rows])


if __name__ == "__main__":
    run("fig10", main)
