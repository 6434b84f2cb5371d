"""What a scan-grid generator minimises (method.md section 10), in static shapes, so that XLA compiles it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ..config import Config
from ..data import seeds
from ..data.examples import scan_range
from ..layers.blur import blur_target
from ..models.scan_grid import BORDER, MULTIPLE, ScanGrid, bordered, first_pixel
from . import losses
from .state import State

CLIP_NORM = 1.0  # of all gradients together
LEAST_MSE = 1e-8  # of the crop's [0, 1], whose root still has a gradient
GROUPS = 3  # of factors: coarse ones are trained on fewer samples a side than fine ones
MOST_SAMPLES = 64


def windows(config: Config) -> dict[int, list[int]]:
    """How many samples a side the factors are trained on: number -> factors. Bordered they are multiples of 4."""
    groups = np.array_split(sorted(set(config.factors)), min(GROUPS, len(set(config.factors))))
    found: dict[int, list[int]] = {}
    for group in groups:
        most = min(config.size // int(group[-1]), MOST_SAMPLES)
        samples = most - (most + 2 * BORDER) % MULTIPLE
        found.setdefault(samples, []).extend(int(s) for s in group)
    return found


def weighted_mse(config: Config, state: State, crops: tf.Tensor, factor: tf.Tensor, p: tf.Tensor) -> tf.Tensor:
    """MSE against the blurred target in each crop's [0, 1], over p(c): crops [b, N, N, 1], one factor, p [b] -> [b].

    Of the crops a window of as many samples as `windows` says, at a place that the iteration draws.
    """
    networks, blurred = state.networks, blur_target(crops)
    assert isinstance(networks, ScanGrid)
    draws = tf.random.stateless_uniform([2], seeds.key(config.seed, seeds.WINDOWS, state.iteration))

    def window(images: tf.Tensor, side: int) -> tf.Tensor:
        top, left = tf.unstack(tf.cast(draws * (config.size - side + 1), tf.int32))
        return tf.slice(images, [0, top, left, 0], [images.shape[0], side, side, 1])

    def errors(samples: int, factors: list[int]) -> tf.Tensor:
        scans = _switch(factor, factors, lambda s: window(crops, samples * s)[:, ::s, ::s])
        low, scale = scan_range(scans)
        unit = bordered((scans - low) / scale)
        features, filtered = networks.body([unit, tf.fill([crops.shape[0]], factor)], training=True)

        def error(s: int) -> tf.Tensor:
            first, side = first_pixel(s, 0), samples * s
            pixels = networks.heads.pixels(features, filtered, s)[:, first : first + side, first : first + side]
            return losses.mse(pixels * scale + low, window(blurred, side))

        return _switch(factor, factors, error)

    groups = windows(config)
    number = {s: i for i, factors in enumerate(groups.values()) for s in factors}
    which = tf.gather([number.get(s, 0) for s in range(max(number) + 1)], factor)
    return tf.switch_case(which, [lambda group=group: errors(*group) for group in groups.items()]) / p


def loss(weighted: tf.Tensor) -> tf.Tensor:
    """The mean root of `weighted_mse`, [b] -> scalar: of hard crops and easy ones, neither alone counts."""
    return tf.reduce_mean(tf.sqrt(weighted + LEAST_MSE))


def clipped(gradients: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Gradients by name, all scaled down together where their norm is above 1."""
    values, _ = tf.clip_by_global_norm(list(gradients.values()), CLIP_NORM)
    return dict(zip(gradients, values))


def _switch(factor: tf.Tensor, factors: list[int], function: Callable[[int], tf.Tensor]) -> tf.Tensor:
    """`function` of a factor that is known when the graph runs, of those that it may be."""
    which = tf.argmax(tf.cast(tf.equal(factors, factor), tf.int32), output_type=tf.int32)
    return tf.switch_case(which, [lambda s=s: function(s) for s in factors])
