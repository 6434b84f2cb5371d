"""Random magnification, contrast and dose of training crops, so that a generator also serves scans unlike its data.

Every function is pure: it draws by `key`, int64 [2], and the same key gives the same crop on every stack.
"""

from __future__ import annotations

import math

import tensorflow as tf

from . import seeds

ZOOM_CHANCE, LARGEST_ZOOM = 0.5, 1.6  # of the side that is resampled to a crop: from 1/1.6 to 1.6 times the crop's
GAMMA_CHANCE, LARGEST_GAMMA = 0.5, 1.8  # from 1/1.8 to 1.8
INVERSION_CHANCE = 0.1  # bright field looks like dark field inverted
NOISE_CHANCE, LEAST_ELECTRONS, MOST_ELECTRONS = 0.3, 20.0, 2000.0  # a pixel at the crop's maximum
BACKGROUND = 0.1  # electrons a pixel at the crop's minimum, over those at its maximum


def zoom(key: tf.Tensor) -> tf.Tensor:
    """Side of the region to resample over the side of the crop that it becomes; float32, 1 for every other crop."""
    draws = _uniform(key, 0, [2])
    return tf.where(draws[0] < ZOOM_CHANCE, _log_uniform(draws[1], 1 / LARGEST_ZOOM, LARGEST_ZOOM), 1.0)


def resample(image: tf.Tensor, size: int) -> tf.Tensor:
    """Square image [n, n] at size x size px, bilinearly, averaging where it shrinks; unchanged if n is `size`."""
    return tf.cond(
        tf.shape(image)[0] == size,
        lambda: image,
        lambda: tf.image.resize(image[:, :, None], [size, size], antialias=True)[:, :, 0],
    )


def vary(image: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Image in [0, 1] under a random gamma, inverted, or with the shot noise of a lower dose; may leave [0, 1]."""
    draws = _uniform(key, 1, [5])
    gamma = tf.where(draws[0] < GAMMA_CHANCE, _log_uniform(draws[1], 1 / LARGEST_GAMMA, LARGEST_GAMMA), 1.0)
    image = tf.pow(image, gamma)
    image = tf.where(draws[2] < INVERSION_CHANCE, 1 - image, image)
    electrons = _log_uniform(draws[4], LEAST_ELECTRONS, MOST_ELECTRONS)
    noise = tf.random.stateless_normal(tf.shape(image), _key(key, 2)) * tf.sqrt((image + BACKGROUND) / electrons)
    return tf.where(draws[3] < NOISE_CHANCE, image + noise, image)


def _log_uniform(draw: tf.Tensor, low: float, high: float) -> tf.Tensor:
    return tf.exp(math.log(low) + draw * math.log(high / low))


def _uniform(key: tf.Tensor, use: int, shape: list[int]) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, _key(key, use), alg="philox")


def _key(key: tf.Tensor, use: int) -> tf.Tensor:
    return key + tf.constant([seeds.AUGMENTATION + use, 0], tf.int64)
