"""Xavier's initialisation (Glorot and Bengio's), the same on every stack."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow import keras

from .._compat import variables


def kernels(model: keras.Model) -> dict[str, tf.Variable]:
    """A model's trainable kernels by name, of convolutions [h, w, in, out] and dense layers [in, out]."""
    return {name: v for name, v in variables(model, trainable_only=True).items() if name.endswith("/kernel")}


def initialize(model: keras.Model, seed: int = 0) -> None:
    """Draw every kernel from the uniform distribution within sqrt(6 / (h w (in + out))); biases stay as they are."""
    for i, (_, kernel) in enumerate(sorted(kernels(model).items())):
        *window, inputs, outputs = kernel.shape
        limit = math.sqrt(6 / (math.prod(window) * (inputs + outputs)))
        kernel.assign(tf.random.stateless_uniform(kernel.shape, [seed, i], -limit, limit))
