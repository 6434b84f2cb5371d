"""Running mean-only batch normalisation (paper section II, "Weight normalization"; method.md section 4)."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import keras

from .._compat import add_float32_weight


class MeanOnlyNorm(keras.layers.Layer):
    """Subtracts a mean from each channel, and adds a learned bias if `bias`. Shape and dtype stay: [batch, h, w, c].

    Training moves the running mean, mu <- momentum mu + (1 - momentum) m, where m is the mean over batch, height and
    width, until `frozen` is set to 1. Inference, and training once frozen, subtract mu. Before, training subtracts
    `subtract`: "batch" m itself; "running" mu, the words taken literally. "image" subtracts each image's own mean in
    training and inference alike, which is what the published code does at batch size 1.
    While `initializing` is set, a call first sets mu to the mean of its input.
    """

    def __init__(self, subtract: str = "batch", bias: bool = False, momentum: float = 0.99, **kwargs):
        super().__init__(**kwargs)
        if subtract not in ("batch", "running", "image"):
            raise ValueError(f"subtract: expected batch, running or image, found {subtract!r}")
        self.subtract, self.use_bias, self.momentum = subtract, bias, momentum
        self.initializing = False

    def build(self, input_shape):
        shape = (int(input_shape[-1]),)
        self.mu = add_float32_weight(self, "mu", shape, "zeros", trainable=False)
        self.frozen = add_float32_weight(self, "frozen", (), "zeros", trainable=False)
        self.bias = add_float32_weight(self, "bias", shape, "zeros") if self.use_bias else None
        super().build(input_shape)

    def call(self, inputs, training=False):
        center = self._center(tf.cast(inputs, tf.float32), training)
        shift = center if self.bias is None else center - tf.convert_to_tensor(self.bias)
        return inputs - tf.cast(shift, inputs.dtype)

    def _center(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        if self.subtract == "image":
            return tf.reduce_mean(inputs, (1, 2), keepdims=True)
        if self.initializing:
            self.mu.assign(tf.reduce_mean(inputs, (0, 1, 2)))
        mu = tf.convert_to_tensor(self.mu)
        if not training or self.initializing:
            return mu
        frozen = tf.convert_to_tensor(self.frozen) > 0
        mean = tf.reduce_mean(inputs, (0, 1, 2))
        self.mu.assign(tf.where(frozen, mu, self.momentum * mu + (1 - self.momentum) * tf.stop_gradient(mean)))
        return tf.where(frozen, mu, mean) if self.subtract == "batch" else mu

    def get_config(self):
        own = {"subtract": self.subtract, "bias": self.use_bias, "momentum": self.momentum}
        return {**super().get_config(), **own}
