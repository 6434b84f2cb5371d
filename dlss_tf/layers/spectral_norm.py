"""Spectrally normalised layers, W / sigma (paper section II, "Spectral normalization"; method.md section 4)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras

from .._compat import add_float32_weight

STDDEV = 0.03  # of initial weights and of u


def spectrally_normalized(kernel: tf.Variable, u: tf.Variable, training: bool) -> tf.Tensor:
    """The kernel divided by its greatest singular value, as one power iteration from u estimates it; float32.

    v = u W^T and then u = v W, both brought to length 1, are constants to the gradient; sigma = v W u^T with that new u
    is not. Inference iterates likewise but leaves the variable.

    Args:
        kernel: variable [..., channels out], taken as a matrix W [everything else, channels out].
        u: variable [1, channels out], which a training call moves.
        training: whether this is one.
    """
    kernel = tf.convert_to_tensor(kernel)
    matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
    v = tf.math.l2_normalize(tf.matmul(tf.convert_to_tensor(u), tf.stop_gradient(matrix), transpose_b=True))
    new_u = tf.math.l2_normalize(tf.matmul(v, tf.stop_gradient(matrix)))
    sigma = tf.matmul(tf.matmul(v, matrix), new_u, transpose_b=True)
    if training:
        u.assign(new_u)
    return kernel / tf.reshape(sigma, [])


def _add_weights(layer: keras.layers.Layer, shape: tuple[int, ...]) -> None:
    normal = keras.initializers.RandomNormal(0.0, STDDEV)
    layer.kernel = add_float32_weight(layer, "kernel", shape, normal)
    layer.bias = add_float32_weight(layer, "bias", shape[-1:], "zeros")
    layer.u = add_float32_weight(layer, "u", (1, shape[-1]), keras.initializers.RandomNormal(0.0, STDDEV), False)


class SpectralNormConv2D(keras.layers.Layer):
    """Convolution with bias, VALID padding and a spectrally normalised kernel, as `spectrally_normalized` says.

    [batch, h, w, c] -> [batch, (h - kernel_size) // strides + 1, likewise w, filters], in the input's dtype.
    """

    def __init__(self, filters: int, kernel_size: int = 4, strides: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides

    def build(self, input_shape: tf.TensorShape | tuple[int, ...]) -> None:
        """Make kernel, bias and u."""
        _add_weights(self, (self.kernel_size, self.kernel_size, int(input_shape[-1]), self.filters))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The layer's outputs; u moves if `training`."""
        kernel = tf.cast(spectrally_normalized(self.kernel, self.u, training), inputs.dtype)
        outputs = tf.nn.conv2d(inputs, kernel, self.strides, "VALID")
        return outputs + tf.cast(tf.convert_to_tensor(self.bias), inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides}
        return {**super().get_config(), **own}


class SpectralNormDense(keras.layers.Layer):
    """Linear layer with bias likewise: [batch, c] -> [batch, units], in the input's dtype."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: tf.TensorShape | tuple[int, ...]) -> None:
        """Make kernel, bias and u."""
        _add_weights(self, (int(input_shape[-1]), self.units))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The layer's outputs; u moves if `training`."""
        kernel = tf.cast(spectrally_normalized(self.kernel, self.u, training), inputs.dtype)
        return tf.matmul(inputs, kernel) + tf.cast(tf.convert_to_tensor(self.bias), inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        return {**super().get_config(), "units": self.units}
