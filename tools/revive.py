"""A trained two-stage generator whose silent channels are alive again, from which to train on (`--start-from`).

A channel that ReLU silences everywhere gets no gradient, so it never comes back. Here it gets new random weights,
scaled and centred on real activations as at initialisation. What is computed hardly changes: the next layer begins with
weights of zero for it; where it adds to a skip it is made faint.
"""

import argparse
import re
import sys

import numpy as np
import tensorflow as tf
from tensorflow import keras

from dlss_tf import weights
from dlss_tf._compat import arrays, assign, variables
from dlss_tf.cli import status
from dlss_tf.config import Config
from dlss_tf.data.crops import CropStream
from dlss_tf.data.examples import draw_factors, make_example
from dlss_tf.data.files import balanced
from dlss_tf.errors import InputError
from dlss_tf.evaluation.silence import silent_channels
from dlss_tf.layers.weight_norm import V_STDDEV
from dlss_tf.models import two_stage, wiring

FAINT = 0.02  # of the standard deviation of the skip that a channel adds to
CROPS = 16
SKIPS = re.compile(r"inner_conv5|inner_up4|outer_conv2|.*_residual\d_conv3")  # layers that add to a skip


def revive(run: str | None, destination: str, data: list[str], seed: int = 0) -> dict[str, int]:
    """Write `destination` with what `weights.load(run)` gives, revived on training crops of `data`.

    Returns how many channels were silent, by layer: positive at no pixel of the crops, each at one coverage. Raises
    InputError for a generator that is not two-stage, or one whose activation is not ReLU (leaky ones still learn).
    """
    config, held = weights.load(run)
    if config.network != "two-stage":
        raise InputError(f"weights: expected those of a two-stage generator, found a {config.network} one")
    if config.activation != "relu":
        raise InputError(f"weights: expected those of a generator with activation relu, found {config.activation}")
    networks = two_stage.build(config)
    assign(networks.generator, held)
    images = _inputs(config, data, seed)
    silent = silent_channels(networks.generator, [images])
    layers = list(silent)
    random = np.random.default_rng(seed)
    for layer, following in zip(layers, [*layers[1:], "outer_output"]):
        if silent[layer].any():
            _draw(networks, config, layer, silent[layer], random)
            if not SKIPS.fullmatch(layer):
                _ignore(networks, config, following, silent[layer])
    for layer in layers:
        if silent[layer].any():
            _normalise(networks, layer, silent[layer], images)
    config.save_in(destination)
    weights.save(destination, arrays(networks.generator))
    return {layer: int(channels.sum()) for layer, channels in silent.items()}


def _inputs(config: Config, data: list[str], seed: int) -> tf.Tensor:
    stream = iter(CropStream(balanced(data, "train"), config.size, batch=CROPS, seed=seed, augment=config.augment))
    positions, crops = next(stream)
    return make_example(crops, draw_factors(positions, config.factors, seed), config.intensity_reference).inputs


def _outputs(networks: two_stage.TwoStage, layer: str, images: tf.Tensor) -> np.ndarray:
    """What a layer of the generator gives, [b, h, w, c]."""
    part = networks.inner if layer.startswith("inner") else networks.outer
    model = keras.Model(part.inputs, part.get_layer(layer).output)
    return model(images if part is networks.inner else [images, networks.inner(images)]).numpy()


def _axes(layer: str, config: Config) -> tuple[int, int]:
    """Of v, input and output channels."""
    return (3, 2) if wiring.is_transposed(layer, config) else (2, 3)


def _draw(
    networks: two_stage.TwoStage, config: Config, layer: str, channels: np.ndarray, random: np.random.Generator
) -> None:
    v = variables(networks.generator)[f"{layer}/v"]
    drawn = np.moveaxis(v.numpy(), _axes(layer, config)[1], 0)
    drawn[channels] = random.normal(0, V_STDDEV, drawn[channels].shape)
    v.assign(np.moveaxis(drawn, 0, _axes(layer, config)[1]))


def _ignore(networks: two_stage.TwoStage, config: Config, layer: str, channels: np.ndarray) -> None:
    """Weights of zero for these inputs of a layer; its others stay as they are."""
    named, (inputs, outputs) = variables(networks.generator), _axes(layer, config)
    v, g = named[f"{layer}/v"], named[f"{layer}/g"]
    kept = np.moveaxis(v.numpy(), inputs, 0)
    kept[channels] = 0
    kept = np.moveaxis(kept, 0, inputs)
    axes = tuple(axis for axis in range(4) if axis != outputs)
    g.assign(g * np.sqrt((kept**2).sum(axes) / (v.numpy() ** 2).sum(axes)))
    v.assign(kept)


def _normalise(networks: two_stage.TwoStage, layer: str, channels: np.ndarray, images: tf.Tensor) -> None:
    """Make these channels as strong as the layer's others, or faint where they add to a skip; active half the time."""
    named = variables(networks.generator)
    g, mu = named[f"{layer}/g"].numpy(), named[f"{layer}_norm/mu"].numpy()
    before = _outputs(networks, layer, images)
    spread = before.std((0, 1, 2))
    wanted = np.median(spread[~channels]) if (~channels).any() else 1.0
    if SKIPS.fullmatch(layer):
        wanted = FAINT * _outputs(networks, _skip(layer), images).std()
    scale = wanted / spread[channels]
    g[channels] *= scale
    mu[channels] = before.mean((0, 1, 2))[channels] * scale
    named[f"{layer}/g"].assign(g)
    named[f"{layer}_norm/mu"].assign(mu)
    if f"{layer}_norm/bias" in named:
        bias = named[f"{layer}_norm/bias"].numpy()
        bias[channels] = 0
        named[f"{layer}_norm/bias"].assign(bias)


def _skip(layer: str) -> str:
    """The layer that gives the skip with what is added to it."""
    if layer in ("inner_up4", "outer_conv2"):
        return "outer_add_inner"
    return "inner_conv5_relu" if layer == "inner_conv5" else layer.replace("_conv3", "_add")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="run directory")
    parser.add_argument("--data", action="append", required=True, help="root in the STEM Crops layout; may be repeated")
    parser.add_argument("--out", required=True, help="run directory to write")
    arguments = parser.parse_args()
    for layer, silent in revive(arguments.weights, arguments.out, arguments.data).items():
        print(f"{layer:24} {silent:4} silent channels revived")


if __name__ == "__main__":
    sys.exit(status("revive", main))
