"""The predictor M of the outer generator's error from a target's noise (paper section II, fig. 3, eq. 4 to 6)."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import keras

from ..layers import replicas
from . import xavier

COUNT = 20  # N, crops of each target
SIDE = 5  # d, their side in px


def mse_predictor() -> keras.Model:
    """M: a flattened 5x5 crop, float32 [n, 25] -> lambda MSE / p(c) predicted, float32 [n]. `initialize` it first."""
    crops = keras.Input((SIDE**2,), name="crops")
    x = crops
    for i, (units, activation) in enumerate(((100, "relu"), (200, "relu"), (1, None)), start=1):
        x = keras.layers.Dense(units, activation, name=f"mse_predictor_dense{i}")(x)
    return keras.Model(crops, keras.layers.Reshape((), name="mse_predictor_output")(x), name="mse_predictor")


def initialize(model: keras.Model, seed: int = 0) -> None:
    """Draw the kernels, Xavier uniform. Biases are zero from the start."""
    xavier.initialize(model, seed)


def random_crops(targets: tf.Tensor, seed: tf.Tensor, count: int = COUNT, side: int = SIDE) -> tf.Tensor:
    """Flattened crops at random places of each target: [b, N, N, 1] -> [b, count, side^2], row after row.

    `seed`, int64 [2], alone determines the places, every one as likely.
    """
    batch, size = tf.shape(targets)[0], targets.shape[1]
    shape = [2, replicas.batch_size(batch), count, 1, 1]
    places = replicas.own(tf.random.stateless_uniform(shape, seed, 0, size - side + 1, tf.int32), axis=1)
    rows, columns = places[0] + tf.range(side)[:, None], places[1] + tf.range(side)
    index = tf.reshape(rows * size + columns, [batch, count, side**2])
    return tf.gather(tf.reshape(targets, [batch, size**2]), index, batch_dims=1)


def predictions(model: keras.Model, crops: tf.Tensor) -> tf.Tensor:
    """M(C_i) of every crop: [b, count, 25] -> [b, count]."""
    return tf.reshape(model(tf.reshape(crops, [-1, crops.shape[-1]])), tf.shape(crops)[:2])
