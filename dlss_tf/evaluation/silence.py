"""Channels of a trained two-stage generator that give nothing anywhere (paper section IX, fig. 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .. import weights
from ..config import Config
from ..data.examples import make_example
from ..data.files import list_files
from ..errors import InputError
from ..models import check_size, generators
from ..progress import each
from .images import central_crops

ACTIVATION = "_relu"  # how the names of activation layers end


def measure(
    weights_or_name: str | None, data: Sequence[str], *, split: str = "val", size: int = 512
) -> dict[str, np.ndarray]:
    """Silent channels of every hidden layer on a split's images, at every coverage that was trained for.

    Images are the central size x size px of each of the split's. Returns bool [c] by layer, as `silent_channels` does.

    Raises:
        InputError: bad weights or data, a size that is no multiple of 32, or a one-stage generator.
    """
    check_size(size)
    config, arrays = weights.load(weights_or_name)
    if config.network != "two-stage":
        raise InputError(f"weights: expected those of a two-stage generator, found a {config.network} one")
    files = list_files(data, split)
    crops = (crop for _, crop in each("measuring", central_crops(files, size), len(files)))
    return silent_channels(generators.trained(config, arrays), _inputs(crops, config))


def _inputs(crops: Iterable[np.ndarray], config: Config) -> Iterable[tf.Tensor]:
    for crop in crops:
        for s in config.factors:
            yield make_example(tf.constant(crop[None, :, :, None]), tf.constant([s]), config.intensity_reference).inputs


def silent_channels(generator: keras.Model, inputs: Iterable[tf.Tensor]) -> dict[str, np.ndarray]:
    """Which channels of each hidden layer are silent, bool [c] by layer, in the order of fig. 11: inner, then outer.

    A channel is silent that is positive at no pixel of any of the inputs, each [b, N, N, 1] and infilled, after its
    activation. With ReLU it is 0 everywhere, gives nothing to the next layer and gets no gradient, so it stays silent;
    with leaky ReLU it is linear everywhere and still learns. `generator` is a two-stage one, to train or for inference.
    """
    parts = [generator.get_layer(name) for name in ("inner", "outer")]
    hidden = [_hidden(part) for part in parts]
    inner, outer = (keras.Model(part.inputs, outputs) for part, outputs in zip(parts, hidden))

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 1])], autograph=False)
    def most(image: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = {**inner(image, training=False), **outer([image, parts[0](image, training=False)], training=False)}
        return {name: tf.reduce_max(output, (0, 1, 2)) for name, output in outputs.items()}

    heard = {name: np.array(False) for outputs in hidden for name in outputs}
    for image in inputs:
        heard |= {name: heard[name] | (highest.numpy() > 0) for name, highest in most(image).items()}
    return {name: ~channels for name, channels in heard.items()}


def _hidden(part: keras.Model) -> dict:
    """Outputs of a network's hidden layers, by name of the convolution that the activation belongs to."""
    layers = [layer for layer in part.layers if layer.name.endswith(ACTIVATION)]
    return {layer.name.removesuffix(ACTIVATION): layer.output for layer in layers}


def format_silence(silent: Mapping[str, np.ndarray]) -> str:
    """Silent channels of each layer and of all, for a terminal."""
    rows = [(layer, int(channels.sum()), len(channels)) for layer, channels in silent.items()]
    rows.append(("all", sum(count for _, count, _ in rows), sum(of for *_, of in rows)))
    return "\n".join([f"{'layer':24} silent / channels", *(f"{name:24} {n:6} / {of}" for name, n, of in rows)])
