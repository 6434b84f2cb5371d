"""Crop -> training example: random coverage, sampling, infill and intensity scaling (paper section II)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from .. import lattice
from . import seeds


class Example(NamedTuple):
    """A batch of examples; all float32 but `factor`.

    MSEs of outputs against `target`, times `weight`, are MSEs in the crop's [0, 1].
    """

    inputs: tf.Tensor  # [b, N, N, 1], nearest-infilled, in [0, 1] by the sampled pixels' own range
    target: tf.Tensor  # [b, N, N, 1], the crop, in its own [0, 1] or in the input's scale
    factor: tf.Tensor  # [b] int32, s; coverage is 1/s^2
    p: tf.Tensor  # [b], eq. 2 at that coverage, which losses divide by
    weight: tf.Tensor  # [b], (input range / crop range)^2 where the target has the input's scale, else 1
    low: tf.Tensor  # [b, 1, 1, 1], what 0 of the input's scale is in the crop's [0, 1]
    scale: tf.Tensor  # [b, 1, 1, 1], the length of the input's scale in the crop's [0, 1]


def draw_factors(positions: tf.Tensor, factors: Sequence[int], seed: int) -> tf.Tensor:
    """A factor from `factors`, each as likely, for a batch at `positions` int64 [b] in the stream; int32 [b].

    A pure function of its arguments, so that a resumed run draws the same.
    """
    key = seeds.key(seed, seeds.FACTORS, positions[0])
    draw = tf.random.stateless_uniform(tf.shape(positions), key, 0, len(factors), tf.int32)
    return tf.gather(tf.constant(factors, tf.int32), draw)


def infill(crops: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Nearest infill of the lattice's samples of [b, N, N, 1], a factor [b] an example: two gathers."""
    index = infill_index(crops.shape[1], factor)
    rows = tf.gather(crops, index, axis=1, batch_dims=1)
    return tf.gather(rows, index, axis=2, batch_dims=1)


def infill_index(size: int, factor: tf.Tensor) -> tf.Tensor:
    """`lattice.infill_index` for factors [b]: which sampled position fills each of `size` pixels; int32 [b, size]."""
    table = np.zeros((lattice.MAX_FACTOR + 1, size), np.int32)
    for s in range(lattice.MIN_FACTOR, min(lattice.MAX_FACTOR, size) + 1):
        table[s] = lattice.infill_index(size, s)
    return tf.gather(tf.constant(table), factor)


def interpolate(infilled: tf.Tensor, factor: tf.Tensor, factors: Sequence[int]) -> tf.Tensor:
    """Bilinear interpolation on the true lattice, from nearest infill [b, N, N, 1] of `factor` [b] out of `factors`.

    It is the mean over factor x factor px around each pixel, of those that there are near the border.
    """
    means = [
        tf.nn.avg_pool2d(tf.nn.avg_pool2d(infilled, (side, 1), 1, "SAME"), (1, side), 1, "SAME") for side in factors
    ]
    own = tf.cast(factor[:, None] == tf.constant(factors), infilled.dtype)
    return tf.reduce_sum(tf.concat(means, -1) * own[:, None, None], -1, keepdims=True)


def scan_range(scan: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Offset and length of the scale in which a scan's values [b, ...] span [0, 1]; both broadcast against it.

    A scan of range below 1e-6 gets length 1 and the offset that makes it 0.5.
    """
    axes = list(range(1, len(scan.shape)))
    low, high = tf.reduce_min(scan, axes, keepdims=True), tf.reduce_max(scan, axes, keepdims=True)
    constant = high - low < 1e-6
    return tf.where(constant, low - 0.5, low), tf.where(constant, tf.ones_like(low), high - low)


def make_example(crops: tf.Tensor, factor: tf.Tensor, intensity_reference: str, p: tf.Tensor | float = 1.0) -> Example:
    """Sample crops [b, N, N, 1] in [0, 1] at coverage 1/factor^2, factor int32 [b], and scale inputs and targets.

    `p` is p(c) of eq. 2 for each, [b], or one number for all.
    """
    infilled = infill(crops, factor)
    low, scale = scan_range(infilled)
    in_scan_scale = intensity_reference == "scan"
    return Example(
        inputs=(infilled - low) / scale,
        target=(crops - low) / scale if in_scan_scale else crops,
        factor=factor,
        p=tf.broadcast_to(p, tf.shape(factor)),
        weight=tf.square(scale[:, 0, 0, 0]) if in_scan_scale else tf.ones_like(scale[:, 0, 0, 0]),
        low=low,
        scale=scale,
    )


def to_crop_scale(outputs: tf.Tensor, example: Example, intensity_reference: str) -> tf.Tensor:
    """Generator outputs [b, N, N, 1] in the crop's [0, 1]."""
    return outputs * example.scale + example.low if intensity_reference == "scan" else outputs
