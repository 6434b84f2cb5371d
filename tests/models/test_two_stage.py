import functools

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from dlss_tf._compat import tf_variable, variables
from dlss_tf.config import Config
from dlss_tf.layers.mean_only_norm import MeanOnlyNorm
from dlss_tf.layers.weight_norm import WeightNormConv2D
from dlss_tf.models import two_stage

TINY = Config(width=0.05, size=64)
VARIANTS = [
    TINY,
    TINY.replace(upsampling="bilinear"),
    TINY.replace(bias=True),
    TINY.replace(subtract="image", bias=True),
    TINY.replace(subtract="running", upsampling="bilinear", bias=True),
    TINY.replace(activation="leaky", bias=True),
]


def network(config, seed=3):
    networks = two_stage.build(config)
    two_stage.initialize(networks, size=64, seed=seed)
    return networks


@functools.lru_cache(maxsize=1)
def whole_network():
    """Not to be changed."""
    return network(TINY)


@pytest.mark.slow
@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
def test_parameter_count_at_width_1(upsampling):
    networks = two_stage.build(Config(upsampling=upsampling))
    weights = {**variables(networks.generator, True), **variables(networks.trainer, True)}
    kinds = [name.split("/")[1] for name in weights]
    assert set(kinds) == {"v", "g"}
    assert sum(int(np.prod(v.shape)) for v in weights.values()) == 106_161_250  # 106.2 M with T


@pytest.mark.parametrize("sides", [(32, 32), (96, 64)])
def test_any_side_that_is_a_multiple_of_32(rng, sides):
    networks = whole_network()
    inputs = tf.constant(rng.random((2, *sides, 1)), tf.float32)
    inner = networks.inner(inputs)
    assert networks.generator(inputs).shape == (2, *sides, 1)
    assert inner.shape == (2, sides[0] // 2, sides[1] // 2, 8)
    assert networks.trainer(inner).shape == (2, sides[0] // 2, sides[1] // 2, 1)
    np.testing.assert_array_equal(networks.generator(inputs), networks.outer([inputs, inner]))


def test_layers_of_figure_11():
    shapes = {name: tuple(v.shape) for name, v in variables(two_stage.build(Config(width=0.125)).generator).items()}
    inner = [shapes[f"inner_conv{i}/v"] for i in range(1, 6)]
    assert inner == [(5, 5, 1, 8), (3, 3, 8, 16), (3, 3, 16, 32), (3, 3, 32, 64), (3, 3, 64, 96)]
    assert [shapes[f"inner_up{i}/v"][2] for i in range(1, 5)] == [64, 32, 16, 8]
    assert sum(name.startswith("inner_residual") and name.endswith("/v") for name in shapes) == 18
    assert sum(name.startswith("outer_residual") and name.endswith("/v") for name in shapes) == 9
    assert shapes["outer_conv1/v"] == (5, 5, 1, 8)
    assert shapes["outer_output/v"] == (3, 3, 8, 1)
    assert "outer_output_norm/mu" not in shapes


def test_initialisation_normalises_every_layer():
    networks = whole_network()
    layers = {layer.name: layer for m in (networks.inner, networks.outer, networks.trainer) for layer in m.layers}
    image = tf.random.stateless_uniform([1, 64, 64, 1], [3, len(list(_all_layers(networks)))], -0.8, 0.8)
    probes = keras.Model(networks.inner.inputs, [layers[f"inner_{n}_norm"].output for n in ("conv2", "up4")])
    for output in probes(image, training=False):
        np.testing.assert_allclose(tf.reduce_mean(output, (0, 1, 2)), 0, atol=1e-2)
        np.testing.assert_allclose(tf.math.reduce_std(output, (0, 1, 2)), 1, atol=1e-2)
    np.testing.assert_allclose(tf.math.reduce_std(networks.generator(image, training=False)), 1, atol=1e-2)


def _all_layers(networks):
    for model in (networks.generator, networks.trainer):
        yield from two_stage._layers(model)


@pytest.mark.usefixtures("few_layers")
def test_initialisation_is_repeatable_by_seed():
    first, second, other = (variables(network(TINY, seed).generator) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
    assert not np.array_equal(first["inner_conv1/v"], other["inner_conv1/v"])
    v = first["inner_residual1_conv1/v"].numpy()
    assert v.std() == pytest.approx(0.05, rel=0.05)


@pytest.mark.usefixtures("few_layers")
@pytest.mark.parametrize("config", VARIANTS, ids=["default", *range(1, len(VARIANTS))])
def test_folded_generator_equals_the_trained_one(rng, config):
    networks = network(config)
    for layer in _all_layers(networks):
        if isinstance(layer, MeanOnlyNorm):
            tf_variable(layer.mu).assign_add(rng.normal(0, 0.1, layer.mu.shape))
            if layer.bias is not None:
                tf_variable(layer.bias).assign(rng.normal(0, 0.1, layer.bias.shape))
    weights = {name: variable.numpy() for name, variable in variables(networks.generator).items()}
    folded = two_stage.trained(config, weights)
    assert not any(isinstance(layer, WeightNormConv2D) for layer in two_stage._layers(folded))
    inputs = tf.constant(rng.random((2, 64, 64, 1)), tf.float32)
    expected = networks.generator(inputs, training=False)
    scale = float(tf.math.reduce_std(expected))
    np.testing.assert_allclose(folded(inputs) / scale, expected / scale, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("few_layers")
def test_freezing_makes_training_and_inference_one_function(rng):
    networks = network(TINY)
    inputs = tf.constant(rng.random((1, 64, 64, 1)), tf.float32)
    before = networks.generator(inputs, training=True)
    assert not np.allclose(before, networks.generator(inputs, training=False), rtol=1e-3)
    two_stage.freeze(networks)
    weights = {name: variable.numpy() for name, variable in variables(networks.generator).items()}
    trained, inferred = (networks.generator(inputs, training=training) for training in (True, False))
    np.testing.assert_allclose(trained, inferred, atol=1e-3 * np.abs(inferred).max())  # sums in another order
    for name, variable in variables(networks.generator).items():
        np.testing.assert_array_equal(variable, weights[name])


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
def test_leaky_slopes_are_the_published_ones(upsampling):
    config = TINY.replace(activation="leaky", upsampling=upsampling)
    networks = two_stage.build(config)
    weights = {name: variable.numpy() for name, variable in variables(networks.generator).items()}
    for generator in (networks.generator, two_stage.trained(config, weights)):
        slopes = {
            layer.name.removesuffix("_relu"): -layer(tf.constant([[[[-1.0]]]])).numpy().item()
            for part in (generator, networks.trainer)
            for layer in two_stage._layers(part)
            if layer.name.endswith("_relu")
        }
        assert len(slopes) == 1 + 4 + 18 + 4 + 2 + 9 + 2 + 1
        steep = {name for name, slope in slopes.items() if slope == pytest.approx(0.1)}
        assert steep == {f"inner_conv{i}" for i in range(1, 6)} | {"outer_conv1", "outer_conv2"}
        assert {round(slope, 6) for name, slope in slopes.items() if name not in steep} == {0.01}


@pytest.mark.usefixtures("few_layers")
def test_mixed_precision_keeps_float32_variables_and_output(rng):
    networks = network(TINY.replace(mixed_precision=True))
    inputs = tf.constant(rng.random((1, 64, 64, 1)), tf.float32)
    assert networks.inner(inputs).dtype == tf.bfloat16
    assert networks.generator(inputs).dtype == tf.float32
    assert {v.dtype for v in variables(networks.generator).values()} == {tf.float32}
