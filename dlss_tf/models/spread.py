"""How far a scan-grid generator's pixels are likely off: a second head on its features, trained by likelihood."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .._compat import variables
from ..config import Config
from ..layers.sub_pixel import SubPixelHeads
from . import channels, scan_grid, xavier
from .scan_grid import Convolution, Crop, ScanGrid

HIDDEN = 32  # channels between features and logarithms, at width 1
START, LEAST = 0.03, 1e-4  # of the samples' range: what it expects before training, and the least that it can


class Spread(NamedTuple):
    """`head`: [features, views, image, factor] -> deviation; `both`: [image, factor] -> [output, deviation].

    The deviation, [b, H, W, 1], is that of the output's error, of the samples' [0, 1].
    """

    head: keras.Model
    both: keras.Model


class Residues(keras.layers.Layer):
    """How far the scan is from what filters leave of it: views [b, n, m, k] -> [b, n, m, k - 1]. So noise shows."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Absolute differences."""
        return tf.abs(inputs[..., :1] - inputs[..., 1:])


class Deviation(keras.layers.Layer):
    """e to the inputs, float32, no less than `LEAST`."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """As large as `inputs`, from `LEAST` to 1."""
        return tf.exp(tf.clip_by_value(inputs, math.log(LEAST), 0.0))


def build(config: Config, networks: ScanGrid) -> Spread:
    """A head for that config's generator. Its logarithm is a level for each sample, interpolated, and pixels' own."""
    image, factor = keras.Input((None, None, 1), name="image"), keras.Input((), name="factor", dtype="int32")
    output, *known = networks.inside([image, factor])
    features, views = (keras.Input((None, None, each.shape[-1])) for each in known)
    residues = Residues(name="residues", dtype="float32")(views)
    seen = keras.layers.Concatenate(name="spread_seen", dtype="float32")([features, residues])
    x = Convolution(channels(HIDDEN, config.width), name="spread_hidden", dtype="float32")(seen)
    x = keras.layers.ReLU(name="spread_relu", dtype="float32")(x)
    level = Convolution(1, name="spread_level", dtype="float32")(x)
    heads = SubPixelHeads(sorted(set(config.factors)), name="spread", dtype="float32")
    pixels = Deviation(name="deviation", dtype="float32")(heads([x, level, factor]))
    deviation = Crop(name="deviation_crop", dtype="float32")([pixels, image, factor])
    head = keras.Model([features, views, image, factor], deviation, name="spread")
    return Spread(head, keras.Model([image, factor], [output, head([*known, image, factor])], name="with_spread"))


def initialize(spread: Spread, seed: int = 0) -> None:
    """Draw the kernels, Xavier uniform; it expects `START` everywhere."""
    xavier.initialize(spread.head, seed)
    weights = variables(spread.head)
    weights["spread_level/kernel"].assign(tf.zeros_like(weights["spread_level/kernel"]))
    weights["spread_level/bias"].assign([math.log(START)])


def trained(config: Config, generator: dict[str, np.ndarray], head: dict[str, np.ndarray]) -> keras.Model:
    """`both`, with trained weights by name; KeyError if one is missing."""
    networks = scan_grid.build(config.replace(mixed_precision=False))
    spread = build(config, networks)
    for model, arrays in ((networks.generator, generator), (spread.head, head)):
        for name, variable in variables(model).items():
            variable.assign(arrays[name])
    return spread.both


def negative_log_likelihood(errors: tf.Tensor, deviations: tf.Tensor) -> tf.Tensor:
    """Of normally distributed errors [b, H, W, 1], without its constant: a scalar."""
    return tf.reduce_mean(tf.math.log(deviations) + 0.5 * tf.square(errors / deviations))
