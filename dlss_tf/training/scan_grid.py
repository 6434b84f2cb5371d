"""What a scan-grid generator minimises (method.md section 10), in static shapes, so that XLA compiles it."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from ..config import Config
from ..data import seeds
from ..data.examples import scan_range
from ..layers.blur import blur_target
from ..models.scan_grid import ScanGrid, bordered, first_pixel
from . import losses
from .state import State

CLIP_NORM = 1.0  # of all gradients together
LEAST_MSE = 1e-8  # of the crop's [0, 1], whose root still has a gradient


def weighted_mse(config: Config, state: State, crops: tf.Tensor, factor: tf.Tensor, p: tf.Tensor) -> tf.Tensor:
    """MSE against the blurred target in each crop's [0, 1], over p(c): crops [b, N, N, 1], one factor, p [b] -> [b].

    Every factor is trained on as many samples: from the crops a window of N over the largest factor a side is taken, at
    a place that the iteration draws.
    """
    networks = state.networks
    assert isinstance(networks, ScanGrid)
    samples = config.size // max(config.factors)
    blurred = blur_target(crops)
    draws = tf.random.stateless_uniform([2], seeds.key(config.seed, seeds.WINDOWS, state.iteration))

    def window(images: tf.Tensor, s: int) -> tf.Tensor:
        spare = config.size - samples * s
        top, left = tf.unstack(tf.cast(draws * (spare + 1), tf.int32))
        return tf.slice(images, [0, top, left, 0], [images.shape[0], samples * s, samples * s, 1])

    def scan(s: int) -> tf.Tensor:
        return window(crops, s)[:, ::s, ::s]

    low, scale = scan_range(scans := _for(factor, config, scan))
    unit = bordered((scans - low) / scale)
    features = networks.body([unit, tf.fill([crops.shape[0]], factor)], training=True)

    def error(s: int) -> tf.Tensor:
        first, side = first_pixel(s, 0), samples * s
        pixels = networks.heads.pixels(features, unit, s)[:, first : first + side, first : first + side]
        return losses.mse(pixels * scale + low, window(blurred, s))

    return _for(factor, config, error) / p


def loss(weighted: tf.Tensor) -> tf.Tensor:
    """The mean root of `weighted_mse`, [b] -> scalar: of hard crops and easy ones, neither alone counts."""
    return tf.reduce_mean(tf.sqrt(weighted + LEAST_MSE))


def clipped(gradients: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Gradients by name, all scaled down together where their norm is above 1."""
    values, _ = tf.clip_by_global_norm(list(gradients.values()), CLIP_NORM)
    return dict(zip(gradients, values))


def _for(factor: tf.Tensor, config: Config, function: Callable[[int], tf.Tensor]) -> tf.Tensor:
    """`function` of a factor that is known when the graph runs."""
    factors = sorted(set(config.factors))
    which = tf.argmax(tf.cast(tf.equal(factors, factor), tf.int32), output_type=tf.int32)
    return tf.switch_case(which, [lambda s=s: function(s) for s in factors])
