"""Fig. 3: the perceptron M, which predicts the generator's MSE from 5x5 crops; and how well that of a run does."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes

from dlss_tf import lattice, weights
from dlss_tf._compat import variables
from dlss_tf.cli.options import add_images
from dlss_tf.config import Config
from dlss_tf.data.examples import make_example
from dlss_tf.errors import InputError
from dlss_tf.models import generators, mse_predictor
from dlss_tf.training import losses

from ._boxes import Box, between, blocks
from ._diagram import WIDTH, canvas, draw_column, foot
from ._networks import report, walk
from ._report import COLOURS, FIGURE_WIDTH, FONT, label_axes, over_images, parser, plain_ticks, run, write

NEEDED = (
    "needs a run trained without blur: dlss-tf train --run RUN --data DATA --objective no-blur, "
    "then python -m experiments.fig03 --weights RUN --data DATA"
)


def trained_predictor(config: Config, directory: str) -> tuple[tf.keras.Model, str]:
    """M as a run's latest checkpoint holds it, its averaged weights if it predicts by them; and the checkpoint.

    Raises:
        InputError: the run has none, or its loss takes p(c) from errors that it tracks.
    """
    latest = tf.train.latest_checkpoint(os.path.join(directory, "checkpoints"))
    if config.objective != "no-blur" or config.track_p or latest is None:
        raise InputError(f"weights {directory}: {NEEDED}")
    predictor = mse_predictor.mse_predictor()
    group = "averaged" if config.average_predictor else "predictor"
    checkpoint = tf.train.Checkpoint(**{group: variables(predictor)})
    checkpoint.read(latest).assert_existing_objects_matched().expect_partial()
    return predictor, latest


def pairs(arguments: Any) -> np.ndarray:
    """lambda MSE / p(c) and its prediction (eq. 5) for each image and coverage that the run was trained for, [n, 2]."""
    config, arrays = weights.load(arguments.weights)
    predictor, checkpoint = trained_predictor(config, arguments.weights)
    generator = generators.trained(config, arrays)

    def measure(crop: np.ndarray) -> tuple[dict, dict[str, np.ndarray]]:
        values = {}
        for s in config.factors:
            p = lattice.p(1 / s**2, config.p_coefficients, config.factors)
            example = make_example(crop[None, ..., None], tf.constant([s]), config.intensity_reference, p)
            error = losses.LAMBDA * losses.weighted_mse(generator(example.inputs), example.target, example)
            crops = mse_predictor.random_crops(example.target, tf.constant([config.seed, s], tf.int64))
            predicted = losses.equation_5(mse_predictor.predictions(predictor, crops))
            values[str(s)] = [float(error[0]), float(predicted[0])]
        return values, {}

    values, _ = over_images("fig03", arguments, measure, checkpoint=os.path.basename(checkpoint))
    return np.array([pair for of_image in values.values() for pair in of_image.values()])


def draw_pairs(axes: Axes, found: np.ndarray) -> dict[str, Any]:
    """Predicted against true, and how they agree."""
    axes.scatter(found[:, 0], np.maximum(found[:, 1], losses.EPSILON), s=6, alpha=0.6, color=COLOURS[0])
    ends = np.percentile(found, 0), found.max()
    axes.plot(ends, ends, color=COLOURS[-1], linestyle="--", linewidth=1, label="equal")
    axes.set(xscale="log", yscale="log")
    plain_ticks(axes.xaxis)
    plain_ticks(axes.yaxis)
    axes.tick_params(labelsize=FONT - 1)
    label_axes(axes, "200 MSE / p(c), of the crop's range", f"M's mean prediction, ≥ {losses.EPSILON}")
    return {"examples": len(found), "correlation": float(np.corrcoef(found.T)[0, 1])}


def main() -> None:
    """Draw M, and at its right what it predicts."""
    made = parser(__doc__, "fig03.json and .png", split=None)
    made.add_argument("--weights", help="run directory, trained without blur; with --data")
    made.add_argument("--limit", type=int, help="use the first so many images only (all)")
    add_images(made, "val", required=False)
    arguments = made.parse_args()
    if (arguments.weights is None) != (arguments.data is None):
        made.error("--weights and --data: expected both or neither")
    predictor = mse_predictor.mse_predictor()
    boxes = walk(predictor, (mse_predictor.SIDE**2,))
    found = None if arguments.weights is None else pairs(arguments)
    figure, axes = canvas(2.3 if found is None else 2.8)
    crop = Box("crop", "crop", None, 1, (mse_predictor.SIDE, mse_predictor.SIDE, 1))
    centre = FIGURE_WIDTH * (0.46 if found is None else 0.18)
    draw_column(axes, blocks([crop, *boxes[1:]]), "Predictor M", centre, 0.1, WIDTH)
    foot(axes, f"Before each layer but the first: {between(boxes)}. Of {mse_predictor.COUNT} crops, the mean is taken.")
    predictions = NEEDED if found is None else draw_pairs(figure.add_axes((0.56, 0.26, 0.4, 0.68)), found)
    write("fig03", arguments, {"predictor": report(predictor, boxes), "predictions": predictions}, figure)


if __name__ == "__main__":
    run("fig03", main)
