"""How far a scan-grid generator's pixels are likely off: a second head on its features, trained by likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .._compat import assign, variables
from ..config import Config
from ..layers.sub_pixel import SubPixelHeads
from . import scan_grid, wiring, xavier
from .scan_grid import Blocks, Bordered, Convolution, Crop, Samples, ScanGrid
from .wiring import LEAST, SMALL

START = 0.03  # of the samples' range: what it expects before training


class Spread(NamedTuple):
    """`head`: [features, views, output, factor] -> deviation; `both`: [image, factor] -> [output, deviation].

    The deviation, [b, H, W, 1], is that of the output's error, of the samples' [0, 1].
    """

    head: keras.Model
    both: keras.Model


class Evidence(keras.layers.Layer):
    """Where noise and detail show: [views, image], [b, n, m, k] and [b, n, m, 1] -> [b, n, m, 2 k + 2].

    The image at the samples; how far the scan is from what each filter leaves of it; and the logarithms of these, of
    how far it is from the image, and of the image's gradient and Laplacian.
    """

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """The evidence in `inputs`."""
        views, image = inputs
        residues = tf.abs(views[..., :1] - views[..., 1:])
        around = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
        up, down, left, right = around[:, :-2, 1:-1], around[:, 2:, 1:-1], around[:, 1:-1, :-2], around[:, 1:-1, 2:]
        slope = tf.sqrt(tf.square(down - up) + tf.square(right - left))
        bend = tf.abs(4 * image - up - down - left - right)
        logarithms = tf.math.log(tf.concat([residues, tf.abs(views[..., :1] - image), slope, bend], 3) + SMALL)
        return tf.concat([image, residues, logarithms], 3)


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
    made = keras.Input((None, None, 1), name="made")
    at_samples = Bordered(name="spread_bordered", dtype="float32")(Samples(name="spread_samples")([made, factor]))
    evidence = Evidence(name="evidence", dtype="float32")([views, at_samples])
    seen = keras.layers.Concatenate(name="spread_seen", dtype="float32")([features, evidence])
    x = wiring.spread(Blocks(config.replace(mixed_precision=False)), seen)
    level = Convolution(1, name="spread_level", dtype="float32")(x)
    heads = SubPixelHeads(sorted(set(config.factors)), name="spread", dtype="float32")
    pixels = Deviation(name="deviation", dtype="float32")(heads([x, level, factor]))
    deviation = Crop(name="deviation_crop", dtype="float32")([pixels, made, factor])
    head = keras.Model([features, views, made, factor], deviation, name="spread")
    return Spread(head, keras.Model([image, factor], [output, head([*known, output, factor])], name="with_spread"))


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
    assign(networks.generator, generator)
    assign(spread.head, head)
    return spread.both


def negative_log_likelihood(errors: tf.Tensor, deviations: tf.Tensor) -> tf.Tensor:
    """Of normally distributed errors [b, H, W, 1], without its constant: a scalar."""
    return tf.reduce_mean(tf.math.log(deviations) + 0.5 * tf.square(errors / deviations))
