"""Adaptive learning rate clipping (paper section II, "ALRC"; arXiv 1906.09060; method.md section 6)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras

from .._compat import add_float32_weight
from . import replicas


class ALRC(keras.layers.Layer):
    """Scales losses above mu1 + n sqrt(mu2 - mu1^2 + 1e-8) down to that limit, and their gradients with them.

    Takes non-negative float32 losses of any shape, each one example's, and returns them clipped. In training the
    moments then move towards the mean and mean square of the *clipped* losses. The paper's mu2 = 30 would make the
    variance negative; it is 30^2.
    """

    def __init__(
        self, mu1: float = 25.0, mu2: float = 900.0, n: float = 3.0, decay: float = 0.999, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.initial_mu1, self.initial_mu2, self.n, self.decay = mu1, mu2, n, decay

    def build(self, input_shape: tf.TensorShape | tuple[int, ...]) -> None:
        """Make the moments."""
        constant = keras.initializers.Constant
        self.mu1 = add_float32_weight(self, "mu1", (), constant(self.initial_mu1), trainable=False)
        self.mu2 = add_float32_weight(self, "mu2", (), constant(self.initial_mu2), trainable=False)
        super().build(input_shape)

    def call(self, losses: tf.Tensor, training: bool = True) -> tf.Tensor:
        """Losses clipped; the moments move if `training`."""
        mu1, mu2 = tf.convert_to_tensor(self.mu1), tf.convert_to_tensor(self.mu2)
        variance = tf.maximum(mu2 - mu1**2, 0.0)  # rounding can make the difference a little negative
        limit = mu1 + self.n * tf.sqrt(variance + 1e-8)
        scale = tf.minimum(1.0, limit / tf.maximum(losses, 1e-30))
        clipped = losses * tf.stop_gradient(scale)
        if training:
            self.mu1.assign(self.decay * mu1 + (1 - self.decay) * replicas.mean(clipped))
            self.mu2.assign(self.decay * mu2 + (1 - self.decay) * replicas.mean(clipped**2))
        return clipped

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        own = {"mu1": self.initial_mu1, "mu2": self.initial_mu2, "n": self.n, "decay": self.decay}
        return {**super().get_config(), **own}
