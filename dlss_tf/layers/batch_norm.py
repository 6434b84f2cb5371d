"""Batch normalisation whose moving averages can be frozen in a compiled step (paper section IV, ref. 31)."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import keras

from .._compat import add_float32_weight
from . import replicas
from .kernels import BATCH_NORM_EPSILON

MOMENTUM = 0.999  # the published one-stage script's; the paper gives none


class BatchNorm(keras.layers.Layer):
    """y = (x - mean) / sqrt(variance + 1e-3) + beta per channel. Shape and dtype stay: [batch, h, w, c].

    Training takes the mean and variance over batch, height and width, and moves the moving averages towards them by
    0.001 of the way, until `frozen` is set to 1. Inference, and training once frozen, take the moving averages.
    `frozen` is a variable, so that a step traced before stays valid and a checkpoint holds it; Keras' own layer freezes
    by a Python attribute, which a traced step does not see. There is no learned scale: the convolution that follows
    can scale as well, and the published code has none.
    """

    def build(self, input_shape: tf.TensorShape | tuple[int, ...]) -> None:
        """Make beta, the moving averages and `frozen`."""
        shape = (int(input_shape[-1]),)
        self.beta = add_float32_weight(self, "beta", shape, "zeros")
        self.moving_mean = add_float32_weight(self, "moving_mean", shape, "zeros", trainable=False)
        self.moving_variance = add_float32_weight(self, "moving_variance", shape, "ones", trainable=False)
        self.frozen = add_float32_weight(self, "frozen", (), "zeros", trainable=False)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """`inputs` [batch, h, w, c] normalised; the moving averages move if `training`."""
        x = tf.cast(inputs, tf.float32)
        mean, variance = self._moments(x, training)
        outputs = tf.nn.batch_normalization(
            x, mean, variance, tf.convert_to_tensor(self.beta), None, BATCH_NORM_EPSILON
        )
        return tf.cast(outputs, inputs.dtype)

    def _moments(self, inputs: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        moving = tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance)
        if not training:
            return moving
        frozen = tf.convert_to_tensor(self.frozen) > 0
        batch = replicas.moments(inputs, (0, 1, 2))
        for variable, old, new in zip((self.moving_mean, self.moving_variance), moving, batch, strict=True):
            moved = MOMENTUM * old + (1 - MOMENTUM) * tf.stop_gradient(new)
            variable.assign(tf.where(frozen, old, moved))
        return tuple(tf.where(frozen, old, new) for old, new in zip(moving, batch, strict=True))
