"""`inference.scaling` in TensorFlow's operations, for graphs that are exported."""

from __future__ import annotations

import tensorflow as tf


def fill_non_finite(scans: tf.Tensor) -> tf.Tensor:
    """Scans float32 [b, h, w] with each NaN or infinity replaced by the mean of its known 3x3 neighbours.

    From a hole's rim inwards: what is filled is known to the next round. A scan without a finite value becomes 0.
    """
    known = tf.math.is_finite(scans)
    values = tf.cast(tf.where(known, scans, 0.0), tf.float64)

    def unfinished(_: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
        return tf.reduce_any(tf.reduce_any(known, (1, 2)) & ~tf.reduce_all(known, (1, 2)))

    def fill(values: tf.Tensor, known: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        counts = _sum_3x3(tf.cast(known, tf.float64))
        rim = ~known & (counts > 0)
        return tf.where(rim, _sum_3x3(values) / tf.maximum(counts, 1.0), values), known | rim

    values, _ = tf.while_loop(unfinished, fill, (values, known))
    return tf.where(tf.math.is_finite(scans), scans, tf.cast(values, tf.float32))


def _sum_3x3(images: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(images[..., None], tf.ones((3, 3, 1, 1), images.dtype), 1, "SAME")[..., 0]


def limits(scans: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Lowest and highest value of finite scans [b, h, w], [b, 1, 1] each."""
    return tf.reduce_min(scans, (1, 2), keepdims=True), tf.reduce_max(scans, (1, 2), keepdims=True)
