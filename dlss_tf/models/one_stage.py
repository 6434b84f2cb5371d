"""The one-stage generator, for a single coverage (paper section IV, fig. 9; method.md section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .. import lattice
from .._compat import assign, tf_variable
from ..config import Config
from ..layers.batch_norm import BatchNorm
from . import channels, wiring, xavier

L2_SCALE = 1e-5


class OneStage(NamedTuple):
    """`generator` is [batch, N, N, 1] -> [batch, N, N, 1], nearest-infilled to complete, as the two-stage one is."""

    generator: keras.Model


class SampledPixels(keras.layers.Layer):
    """The scan in an infilled image: every `factor`-th pixel a side, [b, N, N, 1] -> [b, n, n, 1]."""

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The sampled pixels of `inputs`."""
        rows, columns = (lattice.offset(side, self.factor) for side in _sides(inputs))
        return inputs[:, rows :: self.factor, columns :: self.factor]


class Resize(keras.layers.Layer):
    """Bilinear, corners aligned, from n px a side towards fig. 9's n m = N/16 for an N px image.

    Takes [features, image], [b, n, n, c] and [b, N, N, 1]; lands on round(n sqrt(m)) px a side (`half_way`), or on n m.
    The centres of the outermost pixels stay where they are, as in the published script; with `align_corners` False the
    outer edges do, as in runs begun by the first edition of the training rules. Dtype stays.
    """

    def __init__(self, half_way: bool, align_corners: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.half_way, self.align_corners = half_way, align_corners

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """The features of `inputs`, resized."""
        features, image = inputs
        sides = [self._side(n, size // wiring.BOTTLENECK) for n, size in zip(_sides(features), _sides(image))]
        how = {"align_corners": self.align_corners, "half_pixel_centers": not self.align_corners}
        return tf.cast(tf.raw_ops.ResizeBilinear(images=features, size=tf.stack(sides), **how), features.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        return {**super().get_config(), "half_way": self.half_way, "align_corners": self.align_corners}

    def _side(self, n: int | tf.Tensor, bottleneck: int | tf.Tensor) -> int | tf.Tensor:
        if not self.half_way:
            return bottleneck
        # n sqrt(m) with m = bottleneck / n; exact, since no whole number's root ends in .5.
        return tf.cast(tf.round(tf.sqrt(tf.cast(n * bottleneck, tf.float32))), tf.int32)


def _sides(images: tf.Tensor) -> list[int | tf.Tensor]:
    """Height and width, as numbers where they are known when a graph is made."""
    return [images.shape[axis] or tf.shape(images)[axis] for axis in (1, 2)]


class _Blocks:
    """Pre-activation blocks: ReLU, batch norm, convolution."""

    def __init__(self, config: Config):
        self.width = config.width
        self.align_corners = config.rules > 1
        self.dtype = "mixed_bfloat16" if config.mixed_precision else "float32"

    def normalize(self, x: tf.Tensor, name: str, relu: bool = True) -> tf.Tensor:
        if relu:
            x = keras.layers.ReLU(name=f"{name}_relu", dtype=self.dtype)(x)
        return BatchNorm(name=f"{name}_norm", dtype=self.dtype)(x)

    def convolve(self, x: tf.Tensor, count: int, name: str, transposed: bool = False) -> tf.Tensor:
        """3x3 convolution to `count` channels (at width 1), or one that doubles the side."""
        filters = channels(count, self.width)
        kind = keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
        return kind(filters, 3, 2 if transposed else 1, padding="same", name=name, dtype=self.dtype)(x)

    def conv(self, x: tf.Tensor, count: int, name: str, relu: bool = True, transposed: bool = False) -> tf.Tensor:
        return self.convolve(self.normalize(x, name, relu), count, name, transposed)

    def resize(self, x: tf.Tensor, image: tf.Tensor, count: int, name: str, half_way: bool) -> tf.Tensor:
        """Towards the bottleneck's side, between batch norm and convolution."""
        resize = Resize(half_way, self.align_corners, name=f"{name}_resize", dtype=self.dtype)
        x = resize([self.normalize(x, name), image])
        return self.convolve(x, count, name)

    def add(self, x: tf.Tensor, y: tf.Tensor, name: str) -> tf.Tensor:
        return keras.layers.Add(name=name, dtype=self.dtype)([x, y])

    def output(self, x: tf.Tensor) -> tf.Tensor:
        """Output convolution to one channel, without bias, float32 whatever the precision before."""
        x = self.normalize(x, "output")
        x = keras.layers.Conv2D(1, 3, padding="same", use_bias=False, name="output", dtype=self.dtype)(x)
        return keras.layers.Activation("linear", name="output_float32", dtype="float32")(x)


def build(config: Config) -> OneStage:
    """Build the generator for coverage 1/s^2 of `config.factors`; N is any multiple of 32.

    It takes the sampled pixels out of the infilled image, 103x103 of 512x512 for s = 5, and sees nothing else. Call
    `initialize` before the first step.
    """
    blocks = _Blocks(config)
    image = keras.Input((None, None, 1), name="image")
    scan = SampledPixels(config.factors[0], name="scan", dtype="float32")(image)
    return OneStage(keras.Model(image, wiring.one_stage(blocks, scan, image), name="one_stage"))


def trained(config: Config, weights: dict[str, np.ndarray]) -> keras.Model:
    """The generator with trained weights, by name as `variables(generator)` names them; KeyError if one is missing."""
    generator = build(config.replace(mixed_precision=False)).generator
    assign(generator, weights)
    return generator


def initialize(networks: OneStage, seed: int = 0) -> None:
    """Draw the kernels, Xavier uniform. Biases are zero from the start."""
    xavier.initialize(networks.generator, seed)


def freeze(networks: OneStage) -> None:
    """From now on moving averages stay, and training uses them as inference does. No step needs tracing again."""
    for layer in networks.generator.layers:
        if isinstance(layer, BatchNorm):
            tf_variable(layer.frozen).assign(1.0)


def l2_penalty(model: keras.Model) -> tf.Tensor:
    """L2 regularisation, to add to eq. 11 outside ALRC: 1e-5 sum(w^2) / 2 over all kernels; float32 scalar.

    The half is `tf.nn.l2_loss`'s, which the published code sums. It sums biases and batch norm's offsets too; the
    method says weights.
    """
    return L2_SCALE * tf.add_n([tf.nn.l2_loss(kernel) for kernel in xavier.kernels(model).values()])
