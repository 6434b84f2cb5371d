"""The two-stage generator and its inner trainer (paper section IX, fig. 11; method.md section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .._compat import tf_variable, variables
from ..config import Config
from ..layers.mean_only_norm import MeanOnlyNorm
from ..layers.weight_norm import V_STDDEV, WeightNormConv2D, WeightNormConv2DTranspose
from . import channels, wiring
from .folding import folded


class TwoStage(NamedTuple):
    """`generator` is outer([x, inner(x)]), [batch, N, N, 1] -> [batch, N, N, 1]; N is any multiple of 32.

    `inner` gives [batch, N/2, N/2, 64 width]; `trainer`, T of eq. 7, takes that to [batch, N/2, N/2, 1].
    """

    inner: keras.Model
    outer: keras.Model
    trainer: keras.Model
    generator: keras.Model


class _Blocks:
    """Convolution blocks of one network: weight-normalised to train, or folded into plain convolutions to serve."""

    def __init__(self, config: Config, folded: bool):
        self.config, self.folded = config, folded
        self.dtype = "mixed_bfloat16" if config.mixed_precision else "float32"
        self.bias_folds = folded and config.subtract != "image"  # an image's own mean is no constant

    def channels(self, count: int) -> int:
        return channels(count, self.config.width)

    def _convolution(
        self, filters: int, kernel: int, strides: int, name: str, transposed: bool = False
    ) -> keras.layers.Layer:
        if self.folded:
            kind = keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
            bias = self.bias_folds and not name.endswith("_output")
            return kind(filters, kernel, strides, padding="same", use_bias=bias, name=name, dtype=self.dtype)
        kind = WeightNormConv2DTranspose if transposed else WeightNormConv2D
        return kind(filters, kernel, strides, name=name, dtype=self.dtype)

    def conv(
        self, x: tf.Tensor, count: int, name: str, kernel: int = 3, strides: int = 1, transposed: bool = False
    ) -> tf.Tensor:
        """Convolution to `count` channels (at width 1), running mean-only batch norm, ReLU or leaky ReLU."""
        x = self._convolution(self.channels(count), kernel, strides, name, transposed)(x)
        if not self.bias_folds:
            norm = MeanOnlyNorm(self.config.subtract, self.config.bias, name=f"{name}_norm", dtype=self.dtype)
            x = norm(x)
        slope = wiring.slope(self.config, kernel, strides, transposed)
        return self._activation(f"{name}_relu", slope)(x)

    def _activation(self, name: str, slope: float) -> keras.layers.Layer:
        if slope:
            return keras.layers.LeakyReLU(slope, name=name, dtype=self.dtype)
        return keras.layers.ReLU(name=name, dtype=self.dtype)

    def halved(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """Half the side: bilinearly, pixel centres aligned, is the mean of 2x2 pixels."""
        return keras.layers.AveragePooling2D(2, name=name, dtype=self.dtype)(x)

    def doubled(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """Twice the side, bilinearly."""
        return keras.layers.UpSampling2D(2, interpolation="bilinear", name=name, dtype=self.dtype)(x)

    def add(self, x: tf.Tensor, y: tf.Tensor, name: str) -> tf.Tensor:
        return keras.layers.Add(name=name, dtype=self.dtype)([x, y])

    def output(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """Output convolution to one channel: nothing after it, but float32 whatever the precision before."""
        x = self._convolution(1, 3, 1, f"{name}_output")(x)
        return keras.layers.Activation("linear", name=f"{name}_float32", dtype="float32")(x)


def _inner(blocks: _Blocks) -> keras.Model:
    image = keras.Input((None, None, 1), name="image")
    return keras.Model(image, wiring.inner(blocks, image), name="inner")


def _outer(blocks: _Blocks) -> keras.Model:
    image = keras.Input((None, None, 1), name="image")
    features = keras.Input((None, None, blocks.channels(64)), name="inner_features", dtype=_compute_dtype(blocks))
    return keras.Model([image, features], wiring.outer(blocks, image, features), name="outer")


def _trainer(blocks: _Blocks) -> keras.Model:
    features = keras.Input((None, None, blocks.channels(64)), name="inner_features", dtype=_compute_dtype(blocks))
    x = blocks.conv(features, 64, "trainer_conv1")
    return keras.Model(features, blocks.output(x, "trainer"), name="trainer")


def _compute_dtype(blocks: _Blocks) -> str:
    return "bfloat16" if blocks.config.mixed_precision else "float32"


def _generator(inner: keras.Model, outer: keras.Model) -> keras.Model:
    image = keras.Input((None, None, 1), name="image")
    return keras.Model(image, outer([image, inner(image)]), name="generator")


def build(config: Config) -> TwoStage:
    """Build the networks for training. Call `initialize` before the first step."""
    blocks = _Blocks(config, folded=False)
    inner, outer = _inner(blocks), _outer(blocks)
    return TwoStage(inner, outer, _trainer(blocks), _generator(inner, outer))


def trained(config: Config, weights: dict[str, np.ndarray]) -> keras.Model:
    """The generator of plain convolutions with bias: weight normalisation and running means folded in.

    `weights` are the trained generator's by name, as `variables(generator)` names them.

    Raises:
        KeyError: one is missing.
    """
    blocks = _Blocks(config.replace(mixed_precision=False), folded=True)
    generator = _generator(_inner(blocks), _outer(blocks))
    for name, variable in variables(generator).items():
        variable.assign(folded(name, weights, config))
    return generator


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def initialize(networks: TwoStage, size: int = 512, seed: int = 0) -> None:
    """Draw v ~ N(0, 0.05), the same on every stack, then the initialisation pass (method.md section 4).

    One size x size image ~ U(-0.8, 0.8) goes through; each layer in order sets its g and running mean to normalise it.
    """
    layers = [layer for model in (networks.generator, networks.trainer) for layer in _layers(model)]
    for i, layer in enumerate(layers):
        if isinstance(layer, WeightNormConv2D):
            v = tf_variable(layer.v)
            v.assign(tf.random.stateless_normal(v.shape, [seed, i], stddev=V_STDDEV))
    image = tf.random.stateless_uniform([1, size, size, 1], [seed, len(layers)], -0.8, 0.8)
    _set(layers, "initializing", True)
    networks.trainer(networks.inner(image, training=True), training=True)
    networks.generator(image, training=True)
    _set(layers, "initializing", False)


def _set(layers: Iterable[keras.layers.Layer], attribute: str, value: bool) -> None:
    for layer in layers:
        if hasattr(layer, attribute):
            setattr(layer, attribute, value)


def freeze(networks: TwoStage) -> None:
    """In steps traced from now on running means stay, and training subtracts them as inference does."""
    for model in (networks.generator, networks.trainer):
        _set(_layers(model), "frozen", True)
