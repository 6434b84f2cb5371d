"""The only file that knows which Keras, and whether TensorFlow Addons, is installed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow import keras

KERAS_3 = hasattr(keras, "ops")

try:
    with warnings.catch_warnings():  # Addons announces its end of life at every import.
        warnings.simplefilter("ignore")
        from tensorflow_addons.image import gaussian_filter2d as gaussian_filter2d
except ImportError:
    gaussian_filter2d = None


def add_float32_weight(
    layer: keras.layers.Layer,
    name: str,
    shape: tuple[int, ...],
    initializer: str | keras.initializers.Initializer,
    trainable: bool = True,
) -> tf.Variable | keras.Variable:
    """`layer.add_weight` for a float32 variable that mixed precision leaves alone."""
    keep = {"autocast": False} if KERAS_3 else {"experimental_autocast": False}
    return layer.add_weight(
        name=name, shape=shape, dtype="float32", initializer=initializer, trainable=trainable, **keep
    )


def tf_variable(variable: tf.Variable | keras.Variable) -> tf.Variable:
    """The tf.Variable behind a Keras variable."""
    return variable.value if KERAS_3 else variable


def variables(model: keras.Model, trainable_only: bool = False) -> dict[str, tf.Variable]:
    """The model's tf.Variables under names that are the same in Keras 2 and 3: `layer/weight`."""
    weights = model.trainable_weights if trainable_only else model.weights
    named = {}
    for weight in weights:
        path = weight.path if KERAS_3 else weight.name.split(":")[0]
        named["/".join(path.split("/")[-2:])] = tf_variable(weight)
    if len(named) != len(weights):
        raise AssertionError(f"{model.name}: two weights share a name")
    return named


def arrays(model: keras.Model) -> dict[str, np.ndarray]:
    """The values of `variables(model)`."""
    return {name: variable.numpy() for name, variable in variables(model).items()}


def assign(model: keras.Model, values: Mapping[str, np.ndarray]) -> None:
    """Give `variables(model)` their values; KeyError if one is missing, ValueError if one does not fit."""
    for name, variable in variables(model).items():
        variable.assign(values[name])
