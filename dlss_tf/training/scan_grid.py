"""What a scan-grid generator minimises (method.md section 10), in static shapes, so that XLA compiles it."""

from __future__ import annotations

import tensorflow as tf

from ..config import Config
from ..data import seeds
from ..data.examples import scan_range
from ..layers.blur import blur_target
from ..layers.sub_pixel import for_factor
from ..models.scan_grid import ScanGrid, bordered, first_pixel
from ..models.wiring import BORDER, MULTIPLE
from . import losses
from .state import State

CLIP_NORM = 1.0  # of all gradients together
LEAST_MSE = 1e-8  # of the crop's [0, 1], whose root still has a gradient
MOST_SAMPLES = 48  # a side; more cost as much as more crops
MOST_SEEN = 128  # samples a side, of those whose filters see a window


def window_samples(config: Config) -> int:
    """How many samples a side every factor is trained on: bordered they are a multiple of 4."""
    most = min(config.size // max(config.factors), MOST_SAMPLES)
    return most - (most + 2 * BORDER) % MULTIPLE


def weighted_mse(config: Config, state: State, crops: tf.Tensor, factor: tf.Tensor, p: tf.Tensor) -> tf.Tensor:
    """MSE against the blurred target in each crop's [0, 1], over p(c): crops [b, N, N, 1], one factor, p [b] -> [b].

    Of the crops a window of `window_samples`, at a place that the iteration draws; filters see the scan around it too.
    """
    networks, samples = state.networks, window_samples(config)
    assert isinstance(networks, ScanGrid)
    draws = tf.random.stateless_uniform([2, 2], seeds.key(config.seed, seeds.WINDOWS, state.iteration))

    def window(s: int) -> tuple[tf.Tensor, ...]:
        """The window's views, bordered, its first pixel, and the scan's lowest sample and range."""
        count = min(config.size // s, MOST_SEEN)
        corner, place = _place(draws[0], config.size - s * count), _place(draws[1], count - samples)
        scans = _part(crops, corner, count, s)
        low, scale = scan_range(scans)
        views = bordered(networks.views((scans - low) / scale))
        return _part(views, place, samples + 2 * BORDER), corner + s * place, low, scale

    views, corner, low, scale = for_factor(factor, config.factors, window)
    features, filtered = networks.body([views, tf.fill([crops.shape[0]], factor)], training=True)
    blurred = blur_target(crops)

    def error(s: int) -> tf.Tensor:
        first, side = first_pixel(s, 0), samples * s
        pixels = networks.heads.pixels(features, filtered, s)[:, first : first + side, first : first + side]
        return losses.mse(pixels * scale + low, _part(blurred, corner, side))

    return for_factor(factor, config.factors, error) / p


def _place(draws: tf.Tensor, most: int) -> tf.Tensor:
    """From draws in [0, 1), [2], places from 0 to `most`, int32 [2]."""
    return tf.cast(draws * (most + 1), tf.int32)


def _part(images: tf.Tensor, corner: tf.Tensor, count: int, step: int = 1) -> tf.Tensor:
    """Every so many px of images [b, n, n, k] from a corner on; a slice XLA would compile anew for each corner."""
    rows, columns = (corner[axis] + step * tf.range(count) for axis in (0, 1))
    return tf.gather(tf.gather(images, rows, axis=1), columns, axis=2)


def objectives(
    config: Config, state: State, crops: tf.Tensor, factor: tf.Tensor, p: tf.Tensor
) -> tuple[tf.Tensor, dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    """`weighted_mse`, [b]; for the log, and to minimise, its mean root: of hard and easy crops neither alone counts."""
    mse = weighted_mse(config, state, crops, factor, p)
    root = tf.reduce_mean(tf.sqrt(mse + LEAST_MSE))
    return mse, {"root_mse": root}, {"generator": root}


def clipped(gradients: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Gradients by name, all scaled down together where their norm is above 1."""
    values, _ = tf.clip_by_global_norm(list(gradients.values()), CLIP_NORM)
    return dict(zip(gradients, values))
