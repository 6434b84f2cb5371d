"""From features of a scan's samples to the s x s pixels around each, a kernel of its own for each s (method.md, 10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow import keras

from .._compat import add_float32_weight, tf_variable
from .kernels import bilinear_kernel


class SubPixelHeads(keras.layers.Layer):
    """A 3x3 convolution to s^2 channels and depth to space, s out of `factors`, starting as bilinear interpolation.

    Takes [features, scan, factor], [b, n, m, c], [b, n, m, 1] and int32 [b] of one value; gives [b, n s, m s, 1], the
    convolution of the features added to bilinear interpolation of the scan on its true lattice. Pixel k of a sample's s
    lies k - floor(s / 2) px from it. Float32 whatever the features are.
    """

    def __init__(self, factors: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factors = tuple(factors)

    def build(self, input_shape: Sequence[Sequence[int]]) -> None:
        """Make kernel and bias of each factor, zero."""
        channels = input_shape[0][-1]
        self.kernels = {
            s: add_float32_weight(self, f"kernel_{s}", (3, 3, channels, s * s), "zeros") for s in self.factors
        }
        self.biases = {s: add_float32_weight(self, f"bias_{s}", (s * s,), "zeros") for s in self.factors}

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """The pixels for the factor that `inputs` ask for; of one that there is none for, those of the first."""
        features, scan, factor = inputs
        pixels = for_factor(factor[0], self.factors, lambda s: self.pixels(features, scan, s))
        return tf.ensure_shape(pixels, [None, None, None, 1])

    def pixels(self, features: tf.Tensor, scan: tf.Tensor, s: int) -> tf.Tensor:
        """As `call`, for a factor known when the graph is made, so that shapes are known then, too."""
        features = tf.cast(features, tf.float32)
        kernel = tf.concat([tf_variable(self.kernels[s]), bilinear_kernel(s)], 2)
        cells = tf.nn.conv2d(tf.concat([features, scan], 3), kernel, 1, "SAME") + tf_variable(self.biases[s])
        return tf.nn.depth_to_space(cells, s)

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        return {**super().get_config(), "factors": self.factors}


def for_factor(factor: tf.Tensor, factors: Sequence[int], function: Callable[[int], Any]) -> Any:
    """`function` of a factor out of `factors` that is known when the graph runs; of another one, of the first."""
    if len(factors) == 1:
        return function(factors[0])
    which = tf.argmax(tf.cast(tf.equal(factors, factor), tf.int32), output_type=tf.int32)
    return tf.switch_case(which, [lambda s=s: function(s) for s in factors])
