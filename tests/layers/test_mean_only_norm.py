import numpy as np
import pytest
import tensorflow as tf

from dlss_tf._compat import tf_variable
from dlss_tf.layers.mean_only_norm import MeanOnlyNorm, _centered


@pytest.fixture
def inputs(rng):
    return rng.normal(3, 1, size=(2, 4, 5, 3)).astype(np.float32)


def mu(layer):
    return tf_variable(layer.mu).numpy()


def norm(subtract="batch", start=1.0, **options):
    layer = MeanOnlyNorm(subtract, **options)
    layer.build((None, None, None, 3))
    tf_variable(layer.mu).assign([start] * 3)
    return layer


def test_training_subtracts_the_batch_mean_and_moves_mu(inputs):
    layer = norm()
    mean = inputs.mean((0, 1, 2))
    np.testing.assert_allclose(layer(inputs, training=True), inputs - mean, atol=1e-5)
    np.testing.assert_allclose(mu(layer), 0.99 + 0.01 * mean, rtol=1e-5)


def test_inference_subtracts_mu_and_leaves_it(inputs):
    layer = norm()
    np.testing.assert_allclose(layer(inputs, training=False), inputs - 1, atol=1e-6)
    np.testing.assert_array_equal(mu(layer), 1)


def test_literal_reading_subtracts_mu_in_training_too(inputs):
    layer = norm("running")
    np.testing.assert_allclose(layer(inputs, training=True), inputs - 1, atol=1e-6)
    assert (mu(layer) > 1).all()


@pytest.mark.parametrize("training", [True, False])
def test_each_images_own_mean(inputs, training):
    outputs = norm("image")(inputs, training=training)
    np.testing.assert_allclose(outputs, inputs - inputs.mean((1, 2), keepdims=True), atol=1e-5)


@pytest.mark.parametrize("subtract", ["batch", "running"])
def test_frozen_means_stay_and_no_gradient_passes_through_them(inputs, subtract):
    layer = norm(subtract)
    layer.frozen = True
    x = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, training=True)
        loss = tf.reduce_sum(outputs * tf.range(60, dtype=tf.float32)[:, None][:40].numpy().reshape(2, 4, 5, 1))
    np.testing.assert_allclose(outputs, inputs - 1, atol=1e-6)
    np.testing.assert_array_equal(mu(layer), 1)
    expected = np.broadcast_to(np.arange(40, dtype=np.float32).reshape(2, 4, 5, 1), inputs.shape)
    np.testing.assert_allclose(tape.gradient(loss, x), expected, atol=1e-5)


def test_gradient_passes_through_the_batch_mean(inputs):
    x = tf.constant(inputs)
    layer = norm()
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x, training=True))
    np.testing.assert_allclose(tape.gradient(loss, x), np.zeros_like(inputs), atol=1e-5)


def test_written_out_gradient_is_the_automatic_one_in_float64(rng):
    x, weights = (tf.constant(rng.normal(3, 1, size=(2, 4, 5, 3))) for _ in range(2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        mean = tf.reduce_mean(x, (0, 1, 2))
        losses = [tf.reduce_sum(weights * y**2) for y in (x - mean, _centered(x, tf.stop_gradient(mean)))]
    np.testing.assert_allclose(tape.gradient(losses[1], x), tape.gradient(losses[0], x), atol=1e-12)


def test_a_frozen_step_computes_no_mean():
    layer = norm(bias=True)
    layer.frozen = True
    step = tf.function(lambda x: layer(x, training=True)).get_concrete_function(tf.TensorSpec([1, 4, 4, 3]))
    assert "Mean" not in {operation.type for operation in step.graph.get_operations()}


def test_learned_bias_is_added_after(inputs):
    layer = norm(bias=True)
    tf_variable(layer.bias).assign([1.0, 2.0, 3.0])
    np.testing.assert_allclose(layer(inputs, training=False), inputs - 1 + np.array([1, 2, 3]), atol=1e-5)
    assert [v.name.split("/")[-1].split(":")[0] for v in layer.trainable_weights] == ["bias"]


def test_initialisation_sets_mu(inputs):
    layer = norm()
    layer.initializing = True
    np.testing.assert_allclose(tf.reduce_mean(layer(inputs, training=True), (0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(mu(layer), inputs.mean((0, 1, 2)), rtol=1e-5)


def test_unknown_reading_and_config():
    with pytest.raises(ValueError, match="expected batch, running or image"):
        MeanOnlyNorm("layer")
    config = MeanOnlyNorm("image", bias=True, momentum=0.5).get_config()
    again = MeanOnlyNorm.from_config(config)
    assert (again.subtract, again.use_bias, again.momentum) == ("image", True, 0.5)
