"""Running mean-only batch normalisation (paper section II, "Weight normalization"; method.md section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow import keras

from .._compat import add_float32_weight
from . import replicas


@tf.custom_gradient
def _centered(x: tf.Tensor, mean: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """x [b, h, w, c] minus its own mean over b, h and w, and the gradient through both: that of x minus its own mean.

    The automatic gradient writes as many tensors of x's size three times over.
    """

    def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, None]:
        precise = tf.cast(dy, mean.dtype)  # float32 where x is bfloat16
        return dy - tf.cast(replicas.mean(precise, (0, 1, 2)), dy.dtype), None

    return x - tf.cast(mean, x.dtype), gradient


class MeanOnlyNorm(keras.layers.Layer):
    """Subtracts a mean from each channel, and adds a learned bias if `bias`. Shape and dtype stay: [batch, h, w, c].

    Training moves the running mean, mu <- momentum mu + (1 - momentum) m, where m is the mean over batch, height and
    width, until `frozen` is set. Inference, and training once frozen, subtract mu. Before, training subtracts
    `subtract`: "batch" m itself; "running" mu, the words taken literally. "image" subtracts each image's own mean in
    training and inference alike, which is what the published code does at batch size 1.
    `frozen` is a Python attribute, so that a step traced when it is set computes no mean; trace anew after setting it.
    While `initializing` is set, a call first sets mu to the mean of its input.
    """

    def __init__(self, subtract: str = "batch", bias: bool = False, momentum: float = 0.99, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if subtract not in ("batch", "running", "image"):
            raise ValueError(f"subtract: expected batch, running or image, found {subtract!r}")
        self.subtract, self.use_bias, self.momentum = subtract, bias, momentum
        self.initializing = self.frozen = False

    def build(self, input_shape: tf.TensorShape | tuple[int, ...]) -> None:
        """Make mu, and the bias if there is one."""
        shape = (int(input_shape[-1]),)
        self.mu = add_float32_weight(self, "mu", shape, "zeros", trainable=False)
        self.bias = add_float32_weight(self, "bias", shape, "zeros") if self.use_bias else None
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """`inputs` [batch, h, w, c] less their mean, in the same shape and dtype."""
        if self.subtract == "image":
            mean = tf.reduce_mean(tf.cast(inputs, tf.float32), (1, 2), keepdims=True)
            return self._add_bias(inputs - tf.cast(mean, inputs.dtype))
        mu = tf.convert_to_tensor(self.mu)
        if not training or self.frozen:
            return self._add_bias(inputs, -mu)
        mean = tf.stop_gradient(replicas.mean(tf.cast(inputs, tf.float32), (0, 1, 2)))
        self.mu.assign(mean if self.initializing else self.momentum * mu + (1 - self.momentum) * mean)
        if self.subtract == "batch" or self.initializing:
            return self._add_bias(_centered(inputs, mean))
        return self._add_bias(inputs, -mu)

    def _add_bias(self, inputs: tf.Tensor, shift: tf.Tensor | None = None) -> tf.Tensor:
        """The learned bias, if there is one, and `shift` in one pass, which joins the convolution before it."""
        terms = [tf.convert_to_tensor(term) for term in (self.bias, shift) if term is not None]
        return tf.nn.bias_add(inputs, tf.cast(tf.add_n(terms), inputs.dtype)) if terms else inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        own = {"subtract": self.subtract, "bias": self.use_bias, "momentum": self.momentum}
        return {**super().get_config(), **own}
