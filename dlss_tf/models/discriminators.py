"""Multiscale discriminators and the crops that they see (paper section IX, fig. 12; method.md section 3)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .._compat import variables
from ..layers import replicas
from ..layers.spectral_norm import STDDEV, SpectralNormConv2D, SpectralNormDense
from . import channels

CROPS = (70, 140, 280)  # w: sides in px of the crops that the three discriminators see
SIDE = 70  # of every crop once resized
PADDING = 140  # px of reflection around an image, so that border pixels are seen as often as others
FILTERS = (64, 128, 256, 512)
HEADS = ("linear", "sum")


class SumFeatures(keras.layers.Layer):
    """Sum over all but the batch: [batch, ...] -> [batch]."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The sums, in the input's dtype."""
        return tf.reduce_sum(inputs, list(range(1, len(inputs.shape))))


def _discriminator(name: str, width: float, head: str, dtype: str) -> keras.Model:
    image = keras.Input((SIDE, SIDE, 1), name="image")
    x = image
    for i, count in enumerate(FILTERS, start=1):
        x = SpectralNormConv2D(channels(count, width), name=f"{name}_conv{i}", dtype=dtype)(x)
        x = keras.layers.LeakyReLU(0.2, name=f"{name}_relu{i}", dtype=dtype)(x)
    x = keras.layers.Activation("linear", name=f"{name}_float32", dtype="float32")(x)
    if head == "linear":
        x = keras.layers.Flatten(name=f"{name}_flatten")(x)
        x = SpectralNormDense(1, name=f"{name}_linear", dtype="float32")(x)
    return keras.Model(image, SumFeatures(name=f"{name}_output", dtype="float32")(x), name=name)


def discriminators(width: float, head: str = "linear", dtype: str = "float32") -> tuple[keras.Model, ...]:
    """The networks discriminator_70, _140 and _280, in the order of CROPS, each with weights of its own.

    Each takes [b, 70, 70, 1] in [-1, 1] to float32 [b]: four convolutions, then `head`, "linear" (fig. 12) or "sum",
    the sum of all features (published code). `width` multiplies channel counts. `dtype` is the convolutions', e.g.
    "mixed_bfloat16"; weights stay float32. Every call with training=True does one power iteration: a training step
    should make one, real and generated crops in one batch.

    Raises:
        ValueError: another head.
    """
    if head not in HEADS:
        raise ValueError(f"head: expected {' or '.join(HEADS)}, found {head!r}")
    return tuple(_discriminator(f"discriminator_{side}", width, head, dtype) for side in CROPS)


def initialize(networks: tuple[keras.Model, ...], seed: int = 0) -> None:
    """Draw weights and every u ~ N(0, 0.03), the same on every stack; biases are zero."""
    named = {name: variable for network in networks for name, variable in variables(network).items()}
    for i, name in enumerate(sorted(named)):
        shape = named[name].shape
        zero = name.endswith("/bias")
        named[name].assign(tf.zeros(shape) if zero else tf.random.stateless_normal(shape, [seed, i], stddev=STDDEV))


def multiscale_crops(real: tf.Tensor, generated: tf.Tensor, seed: tf.Tensor) -> list[tuple[tf.Tensor, tf.Tensor]]:
    """One random crop for each discriminator of each example, at the same place in real and generated images.

    [b, N, N, 1] in [0, 1] twice and a seed, int64 [2], that alone determines the places -> for each of CROPS, real and
    generated [b, 70, 70, 1] in [-1, 1], bilinearly resized. Images are reflect-padded by 140 px, more than once where
    N is small. Gradients pass to both.
    """
    both = 2.0 * tf.concat([real, generated], -1) - 1.0
    places = _places(tf.shape(real)[0], real.shape[1], seed)
    crops = (_crop(both, side, place) for side, place in zip(CROPS, places))
    return [(crop[..., :1], crop[..., 1:]) for crop in crops]


def _places(batch: tf.Tensor, size: int, seed: tf.Tensor) -> list[tf.Tensor]:
    """Top and left of each crop in the padded image: for each of CROPS int32 [2, b], every place as likely."""
    # Whole numbers, which XLA draws alike; its fractions are others than TensorFlow's.
    shape = [len(CROPS), 2, replicas.batch_size(batch)]
    draws = replicas.own(tf.random.stateless_uniform(shape, seed, 0, tf.int32.max, tf.int32), axis=2)
    return [draws[i] % (size + 2 * PADDING - side + 1) for i, side in enumerate(CROPS)]


def _crop(images: tf.Tensor, side: int, place: tf.Tensor) -> tf.Tensor:
    """Pad, crop at `place` int32 [2, b] to side x side and resize bilinearly: [b, N, N, c] -> [b, 70, 70, c]."""
    offsets, reflected = tf.constant(_source_pixels(side)), tf.constant(_reflection(images.shape[1]))
    rows, columns = (tf.gather(reflected, start[:, None] + offsets) for start in (place[0], place[1]))
    pixels = tf.gather(tf.gather(images, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
    return tf.nn.avg_pool2d(pixels, 2, 2, "VALID")


def _source_pixels(side: int) -> np.ndarray:
    """Pixels on an axis of a crop whose means in pairs are the crop bilinearly resized to 70, int32 [140].

    With pixel centres aligned, output pixel i lies at (i + 1/2) side / 70 - 1/2 of the crop. For the sides in CROPS
    that is on a pixel or half-way between two.
    """
    centers = (np.arange(SIDE) + 0.5) * side / SIDE - 0.5
    return np.stack([np.floor(centers), np.ceil(centers)], 1).astype(np.int32).reshape(-1)


def _reflection(size: int) -> np.ndarray:
    """For each pixel of a reflect-padded axis, the pixel of the image that it repeats; int32 [size + 280]."""
    period = 2 * (size - 1)  # the edge pixel is not repeated
    phase = np.arange(-PADDING, size + PADDING) % period
    return np.minimum(phase, period - phase).astype(np.int32)
