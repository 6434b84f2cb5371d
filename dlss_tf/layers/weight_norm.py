"""Weight-normalised convolutions, w = g v / ||v|| (paper section II, "Weight normalization"; method.md section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow import keras

from .._compat import add_float32_weight
from .convolution import convolve, convolve_transposed
from .kernels import LEAST_NORM

V_STDDEV = 0.05


def weight_normalized(v: tf.Tensor, g: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    """g v / ||v||, the norm over `axes`; `g` has one value for each of what is left.

    Its gradient is written out, in half the passes over the weights that the automatic one takes:
    dg = sum(dw v) / ||v|| and dv = g / ||v|| (dw - v sum(dw v) / ||v||^2).
    """

    @tf.custom_gradient
    def normalized(v: tf.Tensor, g: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        norm = _norm(v, axes)
        scale = g / norm

        def gradient(dw: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dg = tf.reduce_sum(dw * v, axes, keepdims=True) / norm
            return scale * dw - (scale * dg / norm) * v, dg

        return v * scale, gradient

    return normalized(v, tf.reshape(g, [1 if axis in axes else side for axis, side in enumerate(v.shape)]))


def channel_scale(v: tf.Tensor, g: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    """g / ||v||, of g's shape: what a convolution with v itself is to be multiplied with.

    For outputs of fewer values than v this is `weight_normalized` in half the passes over the weights.
    """

    @tf.custom_gradient
    def scale(v: tf.Tensor, g: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        norm = _norm(v, axes)
        return g / norm, lambda ds: (-(ds * g / norm / norm / norm) * v, ds / norm)

    scales = scale(v, tf.reshape(g, [1 if axis in axes else side for axis, side in enumerate(v.shape)]))
    return tf.reshape(scales, g.shape)


def _norm(v: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return tf.maximum(tf.sqrt(tf.reduce_sum(tf.square(v), axes, keepdims=True)), LEAST_NORM)


class WeightNormConv2D(keras.layers.Layer):
    """Convolution without bias, SAME padding, kernel g v / ||v||, the norm over all axes but the output channel.

    [batch, h, w, c] -> [batch, ceil(h / strides), ceil(w / strides), filters]. While `initializing` is set, a call
    first sets g = 1 / sqrt(var + 1e-8), var being each channel's output variance with g = 1.
    """

    norm_axes = (0, 1, 2)

    def __init__(self, filters: int, kernel_size: int = 3, strides: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.initializing = False

    def _v_shape(self, channels: int) -> tuple[int, ...]:
        return (self.kernel_size, self.kernel_size, channels, self.filters)

    def build(self, input_shape: tf.TensorShape | tuple[int, ...]) -> None:
        """Make v and g."""
        normal = keras.initializers.RandomNormal(0.0, V_STDDEV)
        self.v = add_float32_weight(self, "v", self._v_shape(int(input_shape[-1])), normal)
        self.g = add_float32_weight(self, "g", (self.filters,), "ones")
        super().build(input_shape)

    def direction(self) -> tf.Tensor:
        """v / ||v||, float32."""
        v = tf.convert_to_tensor(self.v)
        return v / _norm(v, self.norm_axes)

    def kernel(self) -> tf.Tensor:
        """The normalised kernel g v / ||v||, float32 and of v's shape."""
        return weight_normalized(tf.convert_to_tensor(self.v), tf.convert_to_tensor(self.g), self.norm_axes)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The convolution of `inputs` [batch, h, w, c], in their dtype."""
        if self.initializing:
            outputs = tf.cast(self._convolve(inputs, self.direction(), training), tf.float32)
            self.g.assign(tf.math.rsqrt(tf.math.reduce_variance(outputs, (0, 1, 2)) + 1e-8))
        if not (training and self._has_most_values(inputs.shape)):
            return self._convolve(inputs, self.kernel(), training)
        v, g = tf.convert_to_tensor(self.v), tf.convert_to_tensor(self.g)
        return self._convolve(inputs, v, training) * tf.cast(channel_scale(v, g, self.norm_axes), inputs.dtype)

    def _has_most_values(self, inputs: tf.TensorShape) -> bool:
        """Whether the kernel has more than the output, at any strides up to 2."""
        pixels = inputs[:3].num_elements()
        return pixels is not None and 4 * pixels < self.kernel_size**2 * inputs[3]

    def _convolve(self, inputs: tf.Tensor, kernel: tf.Tensor, training: bool) -> tf.Tensor:
        return convolve(inputs, tf.cast(kernel, inputs.dtype), self.strides, training)

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides}
        return {**super().get_config(), **own}


class WeightNormConv2DTranspose(WeightNormConv2D):
    """Transposed convolution likewise: [batch, h, w, c] -> [batch, h * strides, w * strides, filters].

    The kernel is [k, k, channels out, channels in]. (The published code normalises over the wrong axis of it.)
    """

    norm_axes = (0, 1, 3)

    def _v_shape(self, channels: int) -> tuple[int, ...]:
        return (self.kernel_size, self.kernel_size, self.filters, channels)

    def _convolve(self, inputs: tf.Tensor, kernel: tf.Tensor, training: bool) -> tf.Tensor:
        return convolve_transposed(inputs, tf.cast(kernel, inputs.dtype), self.strides, training)
