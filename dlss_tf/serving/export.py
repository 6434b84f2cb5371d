"""A trained generator as a SavedModel in TensorFlow Serving's versioned layout (paper section V)."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from .. import lattice, weights
from ..errors import InputError
from ..formats import locks
from ..formats.replacing import clear, replacing
from ..inference.requirements import factors_taken
from ..models import check_size, generators
from ..packages import needed
from .signatures import Served

LOCK_FILE = ".lock"  # in the folder of all versions, while one is written


def export(weights_or_name: str | None, destination: str, size: int = 512, version: int | None = None) -> str:
    """Write `destination/version/` from the weights that `weights.load` takes; returns its path.

    Its signatures are those of `signatures.Served`. The version defaults to one above the highest there. Written
    beside, then renamed.

    Raises:
        InputError: missing weights, a size that is no multiple of 32, or a version that exists.
    """
    check_size(size)
    if version is not None:
        _version(destination, version)  # refused before the work
    config, arrays = weights.load(weights_or_name)
    served = Served(config, generators.trained(config, arrays), size, factors_taken(config))
    try:
        os.makedirs(destination, exist_ok=True)
        with locks.held(os.path.join(destination, LOCK_FILE), wait=True):  # the next export gets the next version
            clear(destination)
            final = _version(destination, version)
            with replacing(final, overwrite=False) as beside:  # its name is no number: not for TensorFlow Serving
                tf.saved_model.save(served, beside, served.by_name)
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
        raise InputError(f"export: warm-up requests need {needed('tensorflow_serving')}") from None

    def log(signature: str, inputs: dict[str, np.ndarray]) -> bytes:
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
            writer.write(log("supersample", {"scan": scan, "factor": np.full(len(scan), s, np.int32)}))
