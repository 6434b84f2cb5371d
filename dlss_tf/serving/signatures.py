"""What TensorFlow Serving serves, and our own server by its protocol: a generator's signatures (paper section V)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from .. import lattice
from .._compat import variables
from ..config import Config
from ..inference import scaling
from ..models import generators
from ..models.scan_grid import infilled_by
from . import filling


class Served(tf.Module):
    """Signatures over plain convolutions. Holds variables and constants only: it loads with TensorFlow alone.

    `serving_default`: image [b, size, size, 1], nearest-infilled in [0, 1] -> output, same shape and scale.
    `supersample`: scan [b, n, n] in any units, factor -> image [b, size, size] in the scan's units, n being the
    lattice's samples on size px.
    `supersample_png`: scan_bytes [b], grey PNGs of 8 or 16 bit, factor -> image_bytes [b], 16-bit PNGs, of which 0 is
    low [b] and 65535 high [b] in units of the scan's 16 bits; those of a scan of 8 bits are 257 times its own.
    """

    def __init__(self, config: Config, generator: tf.keras.Model, size: int, factors: Sequence[int]):
        """`factors` are those that the generator takes, in order."""
        super().__init__(name="dlss")
        self.weights_by_name = variables(generator)
        # __call__ would make Keras objects part of the SavedModel
        generate = functools.partial(generators.complete, config, generator.call)
        index = tf.constant(np.stack([lattice.sample_index(size, s) for s in factors]), tf.int32)
        counts = tf.constant([lattice.count(size, s) for s in factors], tf.int32)

        @tf.function(input_signature=[tf.TensorSpec([None, size, size, 1], tf.float32, "image")])
        def complete(image: tf.Tensor) -> dict[str, tf.Tensor]:
            factor = _infilled_by(image, factors) if config.network == "scan-grid" else factors[0]
            return {"output": tf.ensure_shape(generate(image, factor, training=False), image.shape)}

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, None, None], tf.float32, "scan"),
                tf.TensorSpec(None, tf.int32, "factor"),
            ]
        )
        def supersample(scan: tf.Tensor, factor: tf.Tensor) -> dict[str, tf.Tensor]:
            s, which = _one_factor(factor, factors)
            with tf.control_dependencies([_check_sides(scan, tf.gather(counts, which), size), _check_finite(scan)]):
                scan = filling.fill_non_finite(scan)
            low, high = filling.limits(scan)
            fill = tf.gather(index, which)
            unit = scaling.to_unit(scan, low, high, tf.where)
            infilled = tf.gather(tf.gather(unit, fill, axis=1), fill, axis=2)[..., None]
            image = generate(tf.ensure_shape(infilled, [None, size, size, 1]), s, training=False)[..., 0]
            return {"image": scaling.from_unit(image, low, high, tf.where)}

        @tf.function(
            input_signature=[tf.TensorSpec([None], tf.string, "scan_bytes"), tf.TensorSpec(None, tf.int32, "factor")]
        )
        def supersample_png(scan_bytes: tf.Tensor, factor: tf.Tensor) -> dict[str, tf.Tensor]:
            grey = tf.TensorSpec([None, None], tf.float32)
            scan = tf.map_fn(functools.partial(_decoded, size=size), scan_bytes, fn_output_signature=grey)
            image = supersample(scan, factor)["image"]
            low, high = filling.limits(image)
            grey = tf.cast(tf.round(scaling.to_unit(image, low, high, tf.where) * 65535), tf.uint16)
            pngs = tf.map_fn(tf.io.encode_png, grey[..., None], fn_output_signature=tf.string)
            return {"image_bytes": pngs, "low": low[:, 0, 0], "high": high[:, 0, 0]}

        self.by_name = {
            "serving_default": complete,
            "supersample": supersample,
            "supersample_png": supersample_png,
        }


def _one_factor(factor: tf.Tensor, taken: Sequence[int]) -> tuple[tf.Tensor, tf.Tensor]:
    """The factor of a request, and which of `taken` it is.

    It is a number, or one for each scan as TensorFlow Serving's row format has it.
    """
    factors = tf.reshape(factor, [-1])
    same = tf.equal(taken, factors[0])
    valid = tf.reduce_all(factors == factors[0]) & tf.reduce_any(same)
    whole = taken[-1] - taken[0] + 1 == len(taken)
    expected = f"whole number from {taken[0]} to {taken[-1]}" if whole else f"of {', '.join(map(str, taken))}"
    with tf.control_dependencies([tf.debugging.Assert(valid, [f"factor: expected one {expected}, found", factors])]):
        return tf.identity(factors[0]), tf.argmax(tf.cast(same, tf.int32), output_type=tf.int32)


def _infilled_by(image: tf.Tensor, taken: Sequence[int]) -> tf.Tensor:
    """The factor, out of those `taken`, by which all images are nearest-infilled."""
    found = infilled_by(image, taken)
    message = f"image: expected nearest infill by one factor out of {', '.join(map(str, taken))}, found another"
    with tf.control_dependencies([tf.debugging.Assert(found > 0, [message])]):
        return tf.identity(found)


def _check_sides(scan: tf.Tensor, count: tf.Tensor, size: int) -> tf.Operation:
    valid = tf.reduce_all(tf.shape(scan)[1:] == count)
    message = f"scan: for this factor and {size}x{size} output, expected samples a side"
    return tf.debugging.Assert(valid, [message, count, "found", tf.shape(scan)[1:]])


def _check_finite(scan: tf.Tensor) -> tf.Operation:
    valid = tf.reduce_all(tf.reduce_any(tf.math.is_finite(scan), (1, 2)))
    return tf.debugging.Assert(valid, ["scan: expected finite values, found none in a scan of shape", tf.shape(scan)])


def _decoded(png: tf.Tensor, size: int) -> tf.Tensor:
    """A PNG [h, w] in float32, of 16 bits; one that says it has sides of more than `size` px is not decoded."""
    sides = tf.reshape(tf.cast(tf.io.decode_raw(tf.strings.substr(png, 16, 8), tf.uint8), tf.int32), [2, 4])
    larger = tf.reduce_any(tf.cast(sides[:, :2], tf.bool)) | tf.reduce_any(256 * sides[:, 2] + sides[:, 3] > size)
    refusal = tf.debugging.Assert(~larger, [f"scan_bytes: expected PNGs of at most {size} px a side, found another"])
    with tf.control_dependencies([refusal]):
        return tf.cast(tf.io.decode_png(tf.identity(png), 1, tf.uint16)[..., 0], tf.float32)
