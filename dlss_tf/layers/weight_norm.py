"""Weight-normalised convolutions, w = g v / ||v|| (paper section II, "Weight normalization"; method.md section 4)."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import keras

from .._compat import add_float32_weight

V_STDDEV = 0.05
LEAST_SQUARE = 1e-12  # of ||v||^2, so that nothing divides by zero


def weight_normalized(v: tf.Tensor, g: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    """g v / ||v||, the norm over `axes`; `g` has one value for each of what is left.

    Its gradient is written out, in half the passes over the weights that the automatic one takes:
    dg = sum(dw v) / ||v|| and dv = g / ||v|| (dw - v sum(dw v) / ||v||^2).
    """

    @tf.custom_gradient
    def normalized(v, g):
        square = tf.maximum(tf.reduce_sum(tf.square(v), axes, keepdims=True), LEAST_SQUARE)
        norm = tf.sqrt(square)
        scale = g / norm

        def gradient(dw):
            projection = tf.reduce_sum(dw * v, axes, keepdims=True)
            return scale * dw - (scale * projection / square) * v, projection / norm

        return v * scale, gradient

    shape = [1 if axis in axes else side for axis, side in enumerate(v.shape)]
    return normalized(v, tf.reshape(g, shape))


class WeightNormConv2D(keras.layers.Layer):
    """Convolution without bias, SAME padding, kernel g v / ||v||, the norm over all axes but the output channel.

    [batch, h, w, c] -> [batch, ceil(h / strides), ceil(w / strides), filters]. While `initializing` is set, a call
    first sets g = 1 / sqrt(var + 1e-8), var being each channel's output variance with g = 1.
    """

    norm_axes = (0, 1, 2)

    def __init__(self, filters: int, kernel_size: int = 3, strides: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.initializing = False

    def _v_shape(self, channels: int) -> tuple[int, ...]:
        return (self.kernel_size, self.kernel_size, channels, self.filters)

    def build(self, input_shape):
        normal = keras.initializers.RandomNormal(0.0, V_STDDEV)
        self.v = add_float32_weight(self, "v", self._v_shape(int(input_shape[-1])), normal)
        self.g = add_float32_weight(self, "g", (self.filters,), "ones")
        super().build(input_shape)

    def direction(self) -> tf.Tensor:
        """v / ||v||, float32."""
        return tf.nn.l2_normalize(tf.convert_to_tensor(self.v), axis=self.norm_axes, epsilon=LEAST_SQUARE)

    def kernel(self) -> tf.Tensor:
        """The normalised kernel g v / ||v||, float32 and of v's shape."""
        return weight_normalized(tf.convert_to_tensor(self.v), tf.convert_to_tensor(self.g), self.norm_axes)

    def convolve(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(inputs, tf.cast(kernel, inputs.dtype), self.strides, "SAME")

    def call(self, inputs):
        if self.initializing:
            outputs = tf.cast(self.convolve(inputs, self.direction()), tf.float32)
            self.g.assign(tf.math.rsqrt(tf.math.reduce_variance(outputs, (0, 1, 2)) + 1e-8))
        return self.convolve(inputs, self.kernel())

    def get_config(self):
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides}
        return {**super().get_config(), **own}


class WeightNormConv2DTranspose(WeightNormConv2D):
    """Transposed convolution likewise: [batch, h, w, c] -> [batch, h * strides, w * strides, filters].

    The kernel is [k, k, channels out, channels in]. (The published code normalises over the wrong axis of it.)
    """

    norm_axes = (0, 1, 3)

    def _v_shape(self, channels):
        return (self.kernel_size, self.kernel_size, self.filters, channels)

    def convolve(self, inputs, kernel):
        batch, height, width = tf.unstack(tf.shape(inputs)[:3])
        shape = [batch, height * self.strides, width * self.strides, self.filters]
        outputs = tf.nn.conv2d_transpose(inputs, tf.cast(kernel, inputs.dtype), shape, self.strides, "SAME")
        sides = [side and side * self.strides for side in inputs.shape[1:3]]
        return tf.ensure_shape(outputs, [inputs.shape[0], *sides, self.filters])
