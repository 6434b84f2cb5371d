import numpy as np
import tensorflow as tf
from golden import trace

from dlss_tf.layers.alrc import ALRC


def step(layer, loss):
    loss = tf.constant(loss)
    with tf.GradientTape() as tape:
        tape.watch(loss)
        clipped = layer(loss)
    return clipped, tape.gradient(clipped, loss)


def moments(layer):
    return float(tf.convert_to_tensor(layer.mu1)), float(tf.convert_to_tensor(layer.mu2))


def test_matches_the_published_codes_trace():
    golden, layer = trace("alrc"), ALRC()
    for i, loss in enumerate(golden["loss"]):
        clipped, gradient = step(layer, loss)
        np.testing.assert_allclose(clipped, golden["clipped"][i], rtol=2e-6)
        np.testing.assert_allclose(gradient, golden["gradient"][i], rtol=2e-6)
        np.testing.assert_allclose(moments(layer), (golden["mu1_after"][i], golden["mu2_after"][i]), rtol=1e-5)


def test_clips_each_example_by_itself():
    clipped, gradient = step(ALRC(mu1=1.0, mu2=2.0, n=2.0), [0.5, 3.0, 300.0])
    np.testing.assert_allclose(clipped, [0.5, 3.0, 3.0], rtol=1e-6)
    np.testing.assert_allclose(gradient, [1.0, 1.0, 0.01], rtol=1e-6)


def test_any_shape_and_moments_of_the_clipped_losses(rng):
    losses = rng.uniform(0, 5, (2, 3, 4)).astype(np.float32)
    layer = ALRC(decay=0.9)
    clipped, _ = step(layer, losses)
    np.testing.assert_array_equal(clipped, losses)
    np.testing.assert_allclose(moments(layer), (22.5 + 0.1 * losses.mean(), 810 + 0.1 * (losses**2).mean()), rtol=1e-5)


def test_moments_stay_when_not_training():
    layer = ALRC()
    layer(tf.constant([1.0]), training=False)
    assert moments(layer) == (25.0, 900.0)


def test_survives_moments_whose_difference_rounds_below_zero():
    clipped, _ = step(ALRC(mu1=1.0, mu2=1.0 - 1e-7), [1.0, 2.0])
    np.testing.assert_allclose(clipped, [1.0, 1.0], atol=1e-3)


def test_config_round_trips():
    config = ALRC(mu1=2.0, n=4.0, decay=0.5).get_config()
    assert ALRC.from_config(config).get_config() == config
