import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from dlss_tf._compat import tf_variable
from dlss_tf.layers.batch_norm import BatchNorm


@pytest.fixture
def inputs(rng):
    return tf.constant(rng.normal(0.5, 2.0, (2, 8, 6, 3)) * [1.0, 2.0, 0.1], tf.float32)


def test_training_normalises_by_the_batch_and_moves_the_averages(inputs):
    layer = BatchNorm()
    outputs = layer(inputs, training=True)
    mean, variance = inputs.numpy().mean((0, 1, 2)), inputs.numpy().var((0, 1, 2))
    np.testing.assert_allclose(outputs, (inputs - mean) / np.sqrt(variance + 1e-3), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 0.001 * mean, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(layer.moving_variance, 0.999 + 0.001 * variance, rtol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_values_and_gradients_are_those_of_keras_own_layer(rng, inputs, training):
    own, reference = BatchNorm(), keras.layers.BatchNormalization(scale=False, epsilon=1e-3)
    own.build(inputs.shape), reference.build(inputs.shape)
    for name, low in (("beta", -1), ("moving_mean", -1), ("moving_variance", 0.5)):
        values = rng.uniform(low, 2, 3).astype(np.float32)
        tf_variable(getattr(own, name)).assign(values)
        tf_variable(getattr(reference, name)).assign(values)
    results = []
    for layer in (own, reference):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=training)
            loss = tf.reduce_sum(outputs**3)
        results.append([outputs, *tape.gradient(loss, [inputs, tf_variable(layer.beta)])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(b).max())


def test_freezing_needs_no_new_trace(inputs):
    layer = BatchNorm()
    layer.build(inputs.shape)
    traces = []

    @tf.function
    def step(x):
        traces.append(x)
        return layer(x, training=True)

    step(inputs)
    moved = [layer.moving_mean.numpy(), layer.moving_variance.numpy()]
    tf_variable(layer.frozen).assign(1.0)
    np.testing.assert_allclose(step(inputs), layer(inputs, training=False), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), moved[0])
    np.testing.assert_array_equal(layer.moving_variance.numpy(), moved[1])
    assert len(traces) == 1
