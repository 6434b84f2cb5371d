"""The scan-grid generator: one for all coverages that works on the scan's own samples (method.md section 10).

A body on the n x n samples, at full, half and quarter resolution, that sees them also through Wiener filters in
windows; for each factor s a head that gives the s x s pixels around each sample; their sum with bilinear interpolation
of a mixture of the filtered scans on the true lattice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .. import lattice
from .._compat import add_float32_weight, assign, tf_variable, variables
from ..config import Config
from ..layers.convolution import convolve
from ..layers.sub_pixel import SubPixelHeads
from ..layers.windowed_wiener import WindowedWiener
from . import channels, wiring, xavier
from .wiring import BEYOND, BORDER, COARSER, MULTIPLE


class ScanGrid(NamedTuple):
    """`generator` takes [image, factor], [b, H, W, 1] nearest-infilled and int32 [b] of one value; same shape out.

    It takes the lattice's samples out of the image and sees nothing else. `views` of them are the scan and what filters
    leave of it, [b, n, m, 1] to [b, n, m, k]; of these, bordered, `body` makes features and a filtered scan,
    [views, factor] to [b, n, m, c] and [b, n, m, 1], and `heads` of these pixels.
    """

    generator: keras.Model
    views: keras.Model
    body: keras.Model
    heads: SubPixelHeads
    inside: keras.Model  # [image, factor] -> [output, features, views]


class Samples(keras.layers.Layer):
    """The scan in an infilled image: [image, factor], [b, H, W, 1] and [b] -> [b, n, m, 1]."""

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """The samples of `inputs`."""
        image, factor = inputs
        row, column = (lattice_offset(image, axis, factor[0]) for axis in (1, 2))
        return tf.ensure_shape(image[:, row :: factor[0], column :: factor[0]], [None, None, None, 1])


class Bordered(keras.layers.Layer):
    """Images with their outermost samples again on each side: [b, n, m, k] -> [b, n + 2, m + 2, k]."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """`inputs`, larger by 2."""
        return bordered(inputs)


class Crop(keras.layers.Layer):
    """The image's pixels out of all around its samples and their border: [pixels, image, factor] -> [b, H, W, 1].

    They leave the samples' [0, 1] by no more than a tenth.
    """

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """`pixels`, as large as the image."""
        pixels, image, factor = inputs
        top, left = (first_pixel(factor[0], lattice_offset(image, axis, factor[0])) for axis in (1, 2))
        height, width = tf.unstack(tf.shape(image)[1:3])
        pixels = tf.ensure_shape(pixels[:, top : top + height, left : left + width], [None, None, None, 1])
        return tf.clip_by_value(pixels, -BEYOND, 1 + BEYOND)


class Convolution(keras.layers.Layer):
    """Plain 3x3 convolution with bias, SAME; in training by whichever algorithm is the fastest."""

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters

    def build(self, input_shape: Sequence[int]) -> None:
        """Make kernel and bias, zero until `initialize`."""
        self.kernel = add_float32_weight(self, "kernel", (3, 3, input_shape[-1], self.filters), "zeros")
        self.bias = add_float32_weight(self, "bias", (self.filters,), "zeros")

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """[b, h, w, c] -> [b, h, w, filters]."""
        kernel, bias = (tf.cast(tf_variable(weight), inputs.dtype) for weight in (self.kernel, self.bias))
        return tf.nn.bias_add(convolve(inputs, kernel, 1, training), bias)

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with, for Keras to save."""
        return {**super().get_config(), "filters": self.filters}


class WithFactor(keras.layers.Layer):
    """Views of a scan and s / 10 everywhere: [views, factor], [b, n, m, k] and [b] -> [b, n', m', k + 1].

    n' and m' are the next multiples of 4; what is added mirrors what is there.
    """

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """The body's input channels."""
        views, factor = inputs
        more = [[0, -side % MULTIPLE] for side in _sides(views)]
        views = tf.pad(views, [[0, 0], *more, [0, 0]], "SYMMETRIC")
        return tf.concat([views, tf.ones_like(views[..., :1]) * tf.cast(factor[0], views.dtype) / 10], 3)


class Mixture(keras.layers.Layer):
    """One image out of several, [b, h, w, k] -> [b, h, w, 1]: their mean at the start, other shares are learned."""

    def build(self, input_shape: Sequence[int]) -> None:
        """Make the share of each."""
        start = keras.initializers.Constant(1 / input_shape[-1])
        self.share = add_float32_weight(self, "share", (input_shape[-1],), start)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The images' sum in these shares."""
        return tf.reduce_sum(inputs * tf_variable(self.share), 3, keepdims=True)


class AsLarge(keras.layers.Layer):
    """Features without what `WithFactor` added: [features, views] -> [b, n, m, c]."""

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """Features as large as the views."""
        features, views = inputs
        height, width = _sides(views)
        return features[:, :height, :width]


def _sides(images: tf.Tensor) -> list[int | tf.Tensor]:
    """Height and width, as numbers where they are known when a graph is made."""
    return [images.shape[axis] or tf.shape(images)[axis] for axis in (1, 2)]


def lattice_offset(image: tf.Tensor, axis: int, factor: tf.Tensor) -> tf.Tensor:
    """`lattice.offset` along an axis of an image [b, H, W, 1], for a factor that is known when the graph runs."""
    return (tf.shape(image)[axis] % factor) // 2


def first_pixel(factor: int | tf.Tensor, offset: int | tf.Tensor) -> int | tf.Tensor:
    """Where an image begins whose first sample is at `offset`, among the pixels around its bordered samples."""
    return BORDER * factor + factor // 2 - offset


def bordered(images: tf.Tensor) -> tf.Tensor:
    """Images [b, n, m, k] with their outermost samples again on each side, [b, n + 2, m + 2, k]."""
    return tf.pad(images, [[0, 0], [BORDER, BORDER], [BORDER, BORDER], [0, 0]], "SYMMETRIC")


def infilled_by(images: tf.Tensor, factors: Sequence[int]) -> tf.Tensor:
    """The factor out of `factors` by which images [b, H, W, 1] are nearest-infilled, int32; 0 if not all by the same.

    What is infilled by several is so by the largest; constant images, which are by all, by that of the others.
    """

    def infilled(s: int) -> tf.Tensor:
        rows, columns = (lattice.infill_index(side, s) for side in images.shape[1:3])
        again = tf.gather(tf.gather(images, rows, axis=1), columns, axis=2)
        return tf.reduce_all(tf.equal(again, images), (1, 2, 3))

    fits = tf.stack([infilled(s) for s in factors])
    own = tf.reduce_max(tf.where(fits, tf.constant(factors, tf.int32)[:, None], 0), 0)
    by_all = tf.reduce_all(fits, 0)
    common = tf.where(tf.reduce_all(by_all), max(factors), tf.reduce_max(tf.where(by_all, 0, own)))
    return tf.where(tf.reduce_all(by_all | tf.equal(own, common)), common, 0)


class Blocks:
    """What `wiring` takes, in the config's precision."""

    def __init__(self, config: Config):
        self.config = config
        self.dtype = "mixed_bfloat16" if config.mixed_precision else "float32"

    def conv(self, x: tf.Tensor, count: int, name: str) -> tf.Tensor:
        """3x3, to `count` channels at width 1."""
        return Convolution(channels(count, self.config.width), name=name, dtype=self.dtype)(x)

    def relu(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """No less than 0."""
        return keras.layers.ReLU(name=name, dtype=self.dtype)(x)

    def add(self, x: tf.Tensor, y: tf.Tensor, name: str) -> tf.Tensor:
        """Their sum."""
        return keras.layers.Add(name=name, dtype=self.dtype)([x, y])

    def halve(self, x: tf.Tensor, count: int, name: str) -> tf.Tensor:
        """Half the side."""
        filters = channels(count, self.config.width)
        return keras.layers.Conv2D(filters, 2, 2, name=name, dtype=self.dtype)(x)

    def double(self, x: tf.Tensor, count: int, name: str) -> tf.Tensor:
        """Twice the side."""
        filters = channels(count, self.config.width)
        return keras.layers.Conv2DTranspose(filters, 2, 2, name=name, dtype=self.dtype)(x)

    def coarser(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """Means of 4x4, of fewer where a side ends."""
        return keras.layers.AveragePooling2D(COARSER, padding="same", name=name, dtype=self.dtype)(x)

    def finer(self, x: tf.Tensor, fine: tf.Tensor, name: str, cut: str) -> tf.Tensor:
        """4x4 of each, as large as `fine`."""
        x = keras.layers.UpSampling2D(COARSER, name=name, dtype=self.dtype)(x)
        return AsLarge(name=cut, dtype=self.dtype)([x, fine])


def _body(config: Config) -> keras.Model:
    blocks = Blocks(config)
    views = keras.Input((None, None, 1 + len(wiring.WINDOWS) * len(wiring.STRENGTHS)), name="views")
    factor = keras.Input((), name="factor", dtype="int32")
    seen = WithFactor(name="with_factor", dtype="float32")([views, factor])
    features = AsLarge(name="features", dtype="float32")([wiring.body(blocks, seen), views])
    filtered = Mixture(name="mixture", dtype="float32")(views[..., 1:])
    return keras.Model([views, factor], [features, filtered], name="body")


def _views() -> keras.Model:
    scan = keras.Input((None, None, 1), name="scan")
    filtered = WindowedWiener(wiring.WINDOWS, wiring.STRENGTHS, name="wiener", dtype="float32")(scan)
    return keras.Model(scan, keras.layers.Concatenate(name="seen", dtype="float32")([scan, filtered]), name="views")


def build(config: Config) -> ScanGrid:
    """Build the generator for `config.factors`, for scans of any size. Call `initialize` before the first step."""
    image, factor = keras.Input((None, None, 1), name="image"), keras.Input((), name="factor", dtype="int32")
    views, body = _views(), _body(config)
    heads = SubPixelHeads(sorted(set(config.factors)), name="heads", dtype="float32")
    seen = Bordered(name="bordered", dtype="float32")(views(Samples(name="samples", dtype="float32")([image, factor])))
    features, filtered = body([seen, factor])
    output = Crop(name="output", dtype="float32")([heads([features, filtered, factor]), image, factor])
    generator = keras.Model([image, factor], output, name="scan_grid")
    inside = keras.Model([image, factor], [output, features, seen], name="inside")
    return ScanGrid(generator, views, body, heads, inside)


def trained(config: Config, weights: dict[str, np.ndarray]) -> keras.Model:
    """The generator with trained weights, by name as `variables(generator)` names them; KeyError if one is missing."""
    generator = build(config.replace(mixed_precision=False)).generator
    assign(generator, weights)
    return generator


def initialize(networks: ScanGrid, seed: int = 0) -> None:
    """Draw the kernels, Xavier uniform; residual blocks start as identity, heads as interpolation of filtered scans."""
    xavier.initialize(networks.generator, seed)
    for name, kernel in variables(networks.generator).items():
        if name.endswith("_conv2/kernel"):
            kernel.assign(tf.zeros_like(kernel))


def freeze(networks: ScanGrid) -> None:
    """Nothing: it has no normalisation."""
