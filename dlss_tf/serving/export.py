"""A trained generator as a SavedModel in TensorFlow Serving's versioned layout (paper section V)."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from .. import lattice, weights
from .._compat import variables
from ..config import Config
from ..errors import InputError
from ..formats import locks
from ..formats.replacing import clear, replacing
from ..inference import scaling
from ..models import check_size, generators
from ..models.scan_grid import infilled_by

LOCK_FILE = ".lock"  # in the folder of all versions, while one is written


class _Served(tf.Module):
    """Signatures over plain convolutions. Holds variables and constants only: it loads with TensorFlow alone."""

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
                scan = scaling.fill_non_finite(scan)
            low, high = scaling.limits(scan)
            fill = tf.gather(index, which)
            infilled = tf.gather(tf.gather(scaling.to_unit(scan, low, high), fill, axis=1), fill, axis=2)[..., None]
            image = generate(tf.ensure_shape(infilled, [None, size, size, 1]), s, training=False)[..., 0]
            return {"image": scaling.from_unit(image, low, high)}

        self.complete, self.supersample = complete, supersample


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
    """The factor, out of those `taken`, by which images are nearest-infilled."""
    found = infilled_by(image, taken)
    message = f"image: expected nearest infill by a factor out of {', '.join(map(str, taken))}, found another"
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_any(found), [message])]):
        return tf.reduce_max(tf.where(found, tf.constant(taken, tf.int32), 0))


def _check_sides(scan: tf.Tensor, count: tf.Tensor, size: int) -> tf.Operation:
    valid = tf.reduce_all(tf.shape(scan)[1:] == count)
    message = f"scan: for this factor and {size}x{size} output, expected samples a side"
    return tf.debugging.Assert(valid, [message, count, "found", tf.shape(scan)[1:]])


def _check_finite(scan: tf.Tensor) -> tf.Operation:
    valid = tf.reduce_all(tf.reduce_any(tf.math.is_finite(scan), (1, 2)))
    return tf.debugging.Assert(valid, ["scan: expected finite values, found none in a scan of shape", tf.shape(scan)])


def export(weights_or_name: str | None, destination: str, size: int = 512, version: int | None = None) -> str:
    """Write `destination/version/` from the weights that `weights.load` takes; returns its path.

    Signatures: `serving_default`, image [b, size, size, 1] nearest-infilled in [0, 1] -> output, same shape and scale;
    `supersample`, scan [b, n, n] in any units and factor -> image [b, size, size] in the scan's units, n being the
    lattice's samples on size px. The version defaults to one above the highest there. Written beside, then renamed.

    Raises:
        InputError: missing weights, a size that is no multiple of 32, or a version that exists.
    """
    check_size(size)
    if version is not None:
        _version(destination, version)  # refused before the work
    config, arrays = weights.load(weights_or_name)
    anything = range(lattice.MIN_FACTOR, lattice.MAX_FACTOR + 1)
    taken = list(anything if config.network == "two-stage" else sorted(set(config.factors)))
    served = _Served(config, generators.trained(config, arrays), size, taken)
    signatures = {"serving_default": served.complete, "supersample": served.supersample}
    try:
        os.makedirs(destination, exist_ok=True)
        with locks.held(os.path.join(destination, LOCK_FILE), wait=True):  # the next export gets the next version
            clear(destination)
            final = _version(destination, version)
            with replacing(final, overwrite=False) as beside:  # its name is no number: not for TensorFlow Serving
                tf.saved_model.save(served, beside, signatures)
                _write_warmup(beside, os.path.basename(os.path.normpath(destination)), config.factors, size)
    except (OSError, tf.errors.OpError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.message
        raise InputError(f"{destination}: expected a folder that can be written, found: {reason}") from None
    return final


def _version(destination: str, version: int | None) -> str:
    """The folder of a version, the next one if none is given; InputError if it is no new one."""
    version = version if version is not None else _next_version(destination)
    final = os.path.join(destination, str(version))
    if version < 1 or os.path.lexists(final):
        raise InputError(f"version: expected a new one, 1 or more, found {version} for {destination}")
    return final


def _next_version(destination: str) -> int:
    return max((int(name) for name in os.listdir(destination) if name.isdecimal()), default=0) + 1


def _write_warmup(directory: str, name: str, factors: tuple[int, ...], size: int) -> None:
    """Requests that TensorFlow Serving runs before it answers, so that no user waits for the first one."""
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ImportError:
        raise InputError("export: warm-up requests need tensorflow-serving-api; pip install 'dlss_tf[serve]'") from None

    def log(signature: str, inputs: dict[str, np.ndarray | np.int32]) -> bytes:
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = name, signature
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
        return prediction_log_pb2.PredictionLog(
            predict_log=prediction_log_pb2.PredictLog(request=request)
        ).SerializeToString()

    random = np.random.default_rng(0)
    extra = os.path.join(directory, "assets.extra")
    os.makedirs(extra)
    with tf.io.TFRecordWriter(os.path.join(extra, "tf_serving_warmup_requests")) as writer:
        for s in factors:
            n = lattice.count(size, s)
            scan = random.random((1, n, n), np.float32)
            if s == factors[0]:
                image = lattice.infill(scan, (size, size), s)[..., None]
                writer.write(log("serving_default", {"image": image}))
            writer.write(log("supersample", {"scan": scan, "factor": np.int32(s)}))
