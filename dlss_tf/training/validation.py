"""A generator's errors on whole images, while it is trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

from ..config import Config
from ..data.examples import make_example, to_crop_scale
from ..layers.blur import blur_target
from ..models import generators


def root_mses(
    config: Config, generator: keras.Model, crops: Sequence[np.ndarray], factors: Sequence[int]
) -> dict[int, float]:
    """Of crops [N, N] in [0, 1], by factor: sqrt(mean of MSE against the blurred crop), as evaluate's Mean."""
    totals = dict.fromkeys(factors, 0.0)
    for crop in crops:
        truth = tf.constant(crop[None, :, :, None])
        blurred = blur_target(truth)
        for s in factors:
            example = make_example(truth, tf.constant([s]), config.intensity_reference)
            outputs = generators.complete(config, generator, example.inputs, tf.constant(s), training=False)
            images = to_crop_scale(outputs, example, config.intensity_reference)
            totals[s] += float(tf.reduce_mean(tf.square(images - blurred)))
    return {s: (total / len(crops)) ** 0.5 for s, total in totals.items()}
