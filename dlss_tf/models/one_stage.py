"""The one-stage generator, for a single coverage (paper section IV, fig. 9; method.md section 3)."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow import keras

from .. import lattice
from .._compat import tf_variable, variables
from ..layers.batch_norm import BatchNorm
from . import channels, check_size

L2_SCALE = 1e-5


class _Blocks:
    """Pre-activation blocks: ReLU, batch norm, convolution."""

    def __init__(self, width: float, mixed_precision: bool):
        self.width = width
        self.dtype = "mixed_bfloat16" if mixed_precision else "float32"

    def normalize(self, x, name, relu=True):
        if relu:
            x = keras.layers.ReLU(name=f"{name}_relu", dtype=self.dtype)(x)
        return BatchNorm(name=f"{name}_norm", dtype=self.dtype)(x)

    def convolve(self, x, count, name, transposed=False):
        """3x3 convolution to `count` channels (at width 1), or one that doubles the side."""
        filters = channels(count, self.width)
        kind = keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
        return kind(filters, 3, 2 if transposed else 1, padding="same", name=name, dtype=self.dtype)(x)

    def conv(self, x, count, name, relu=True, transposed=False):
        return self.convolve(self.normalize(x, name, relu), count, name, transposed)

    def resize(self, x, side, count, name):
        """Bilinearly to side x side, pixel centres aligned, between batch norm and convolution."""
        x = self.normalize(x, name)
        x = keras.layers.Resizing(side, side, "bilinear", name=f"{name}_resize", dtype=self.dtype)(x)
        return self.convolve(x, count, name)

    def residual(self, x, count, name):
        """Two convolutions with an identity skip around the two."""
        y = x
        for i in (1, 2):
            y = self.conv(y, count, f"{name}_conv{i}")
        return keras.layers.Add(name=f"{name}_add", dtype=self.dtype)([x, y])

    def output(self, x):
        """Output convolution to one channel, without bias, float32 whatever the precision before."""
        x = self.normalize(x, "output")
        x = keras.layers.Conv2D(1, 3, padding="same", use_bias=False, name="output", dtype=self.dtype)(x)
        return keras.layers.Activation("linear", name="output_float32", dtype="float32")(x)


def one_stage(factor: int, size: int = 512, width: float = 1.0, mixed_precision: bool = False) -> keras.Model:
    """Build the generator for coverage 1/factor^2: float32 [b, n, n, 1] -> float32 [b, size, size, 1].

    n is `lattice.count(size, factor)`, 103 for factor 5: the sampled pixels alone, in [0, 1] by their own range.
    `width` multiplies every channel count. With `mixed_precision`, layers compute in bfloat16. Call `initialize`
    before the first step. Raises InputError if factor is not a whole number from 2 to 16, or size no multiple of 32.
    """
    factor = lattice.check_factor(factor)
    check_size(size)
    n, bottleneck = lattice.count(size, factor), size // 16
    blocks = _Blocks(width, mixed_precision)
    scan = keras.Input((n, n, 1), name="scan")
    x = blocks.conv(scan, 32, "conv1", relu=False)
    x = blocks.resize(x, round(math.sqrt(n * bottleneck)), 64, "conv2")  # n sqrt(m), with m = bottleneck / n
    x = blocks.resize(x, bottleneck, 128, "conv3")  # n m
    for i in range(1, 7):
        x = blocks.residual(x, 128, f"residual{i}")
    for i, count in enumerate((128, 96, 64, 32), start=1):
        x = blocks.conv(x, count, f"up{i}", transposed=True)
    return keras.Model(scan, blocks.output(x), name="one_stage")


def _kernels(model: keras.Model) -> dict[str, tf.Variable]:
    return {name: v for name, v in variables(model, trainable_only=True).items() if name.endswith("/kernel")}


def initialize(model: keras.Model, seed: int = 0) -> None:
    """Draw the kernels, Xavier uniform, the same on every stack. Biases are zero from the start.

    A kernel's values lie within sqrt(6 / (9 (channels in + channels out))).
    """
    for i, (_, kernel) in enumerate(sorted(_kernels(model).items())):
        height, width, *in_and_out = kernel.shape
        limit = math.sqrt(6 / (height * width * sum(in_and_out)))
        kernel.assign(tf.random.stateless_uniform(kernel.shape, [seed, i], -limit, limit))


def freeze(model: keras.Model) -> None:
    """From now on moving averages stay, and training uses them as inference does. No step needs tracing again."""
    for layer in model.layers:
        if isinstance(layer, BatchNorm):
            tf_variable(layer.frozen).assign(1.0)


def l2_penalty(model: keras.Model) -> tf.Tensor:
    """L2 regularisation, to add to eq. 11 outside ALRC: 1e-5 sum(w^2) / 2 over all kernels; float32 scalar.

    The half is `tf.nn.l2_loss`'s, which the published code sums. It sums biases and batch norm's offsets too; the
    method says weights.
    """
    return L2_SCALE * tf.add_n([tf.nn.l2_loss(kernel) for kernel in _kernels(model).values()])
