import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import lattice
from dlss_tf.data.examples import interpolate, make_example
from dlss_tf.layers.blur import blur_target
from dlss_tf.training import losses


@pytest.fixture
def example(rng):
    crops = tf.constant(rng.random((2, 64, 64, 1)), tf.float32)
    p = tf.constant([lattice.p(1 / 16), lattice.p(1 / 100)], tf.float32)
    return make_example(crops, tf.constant([4, 10]), "scan", p)


def test_equation_3(example):
    blurred = blur_target(example.target)
    outputs = blurred + 0.1
    expected = [200 * 0.01 * w / lattice.p(1 / s**2) for w, s in zip(example.weight.numpy(), (4, 10), strict=True)]
    np.testing.assert_allclose(losses.equation_3(outputs, blurred, example), expected, rtol=1e-4)


def test_difficulty_is_the_error_of_interpolation_and_no_less_than_a_fifth(example):
    blurred, factors = blur_target(example.target), (4, 10)
    found = losses.difficulty(example, blurred, factors).numpy()
    interpolated = interpolate(example.inputs, example.factor, factors).numpy()
    errors = ((interpolated - blurred.numpy()) ** 2).mean((1, 2, 3)) * example.weight.numpy()
    np.testing.assert_allclose(found, (errors + 5e-4) / 2.5e-3, rtol=1e-5)
    np.testing.assert_allclose(losses.difficulty(example, interpolated, factors), 0.2, rtol=1e-5)


def test_equation_7_is_at_half_size(example):
    blurred = blur_target(example.target)
    half = blurred.numpy().reshape(2, 32, 2, 32, 2, 1).mean((2, 4))
    np.testing.assert_allclose(losses.half_size(blurred), half, atol=1e-6)
    np.testing.assert_allclose(losses.half_size(blurred), tf.image.resize(blurred, (32, 32)), atol=1e-6)
    expected = [200 * 0.25 * w / lattice.p(1 / s**2) for w, s in zip(example.weight.numpy(), (4, 10), strict=True)]
    np.testing.assert_allclose(losses.equation_7(half - 0.5, blurred, example), expected, rtol=1e-4)


def scaled_mse(example, squared_error):
    """lambda MSE / p(c) of each example."""
    return np.array([200 * squared_error * w / lattice.p(1 / s**2) for w, s in zip(example.weight.numpy(), (4, 10))])


def test_equation_4_is_a_mean_over_crops_without_gradient_to_the_outputs(example, rng):
    outputs = example.target + 0.1
    predictions = tf.constant(rng.uniform(0, 5, (2, 20)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([outputs, predictions])
        loss = losses.equation_4(predictions, outputs, example.target, example)
    wanted = scaled_mse(example, 0.01)[:, None]
    np.testing.assert_allclose(loss, ((predictions - wanted) ** 2).numpy().mean(1), rtol=1e-3)
    of_outputs, of_predictions = tape.gradient(loss, [outputs, predictions])
    assert of_outputs is None
    np.testing.assert_allclose(of_predictions, (predictions - wanted) / 10, atol=1e-3)


def test_equation_5():
    np.testing.assert_array_equal(losses.equation_5(tf.constant([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]])), [3, 1])


def test_equation_6_divides_by_predictions_of_at_least_epsilon_without_gradient(example):
    outputs, mu1, predicted = example.target + 0.1, tf.constant(3.0), tf.constant([0.5, -2.0])
    with tf.GradientTape() as tape:
        tape.watch([outputs, mu1, predicted])
        loss = losses.equation_6(outputs, example.target, example, mu1, predicted)
    np.testing.assert_allclose(loss, scaled_mse(example, 0.01) * 3 / np.array([0.5, 0.1]), rtol=1e-4)
    of_outputs, *of_constants = tape.gradient(loss, [outputs, mu1, predicted])
    assert of_constants == [None, None]
    np.testing.assert_allclose(tf.reduce_sum(of_outputs * 0.1, (1, 2, 3)), 2 * loss, rtol=1e-3)


@pytest.mark.parametrize("size", [64, 51])
def test_known_pixels_are_kept_and_give_no_gradient(rng, size):
    factors = [2, 4, 5, 16]
    outputs, target = (tf.constant(rng.random((4, size, size, 1)), tf.float32) for _ in range(2))
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        kept = losses.keep_known(outputs, target, tf.constant(factors))
    gradient = tape.gradient(kept, outputs).numpy()
    for i, factor in enumerate(factors):
        known = np.zeros((size, size, 1), bool)
        known[np.ix_(lattice.positions(size, factor), lattice.positions(size, factor))] = True
        np.testing.assert_array_equal(kept[i], np.where(known, target[i], outputs[i]))
        np.testing.assert_array_equal(gradient[i], ~known)


def test_known_pixels_are_those_that_infill_keeps(example):
    known = losses.keep_known(tf.zeros_like(example.target), tf.ones_like(example.target), example.factor).numpy() > 0
    np.testing.assert_allclose(example.inputs.numpy()[known], example.target.numpy()[known], atol=1e-6)
    np.testing.assert_array_equal(known.sum((1, 2, 3)), [lattice.count(64, s) ** 2 for s in (4, 10)])


def test_equations_8_and_9_are_least_squares_means_over_discriminators():
    real = [tf.constant([1.0, 0.0]), tf.constant([2.0, 1.0]), tf.constant([1.0, 3.0])]
    generated = [tf.constant([0.0, 1.0]), tf.constant([1.0, -1.0]), tf.constant([0.5, 2.0])]
    np.testing.assert_allclose(losses.equation_8(real, generated), [2.25 / 3, (2 + 1 + 8) / 3], rtol=1e-6)
    np.testing.assert_allclose(losses.equation_9(generated), [1.25 / 3, (0 + 4 + 1) / 3], rtol=1e-6)


def test_equation_11_has_the_weight_but_no_p(example):
    blurred = blur_target(example.target)
    offsets = tf.constant([0.1, 0.2])[:, None, None, None]
    loss = losses.equation_11(blurred + offsets, blurred, example)
    np.testing.assert_allclose(loss, 200 * np.array([0.01, 0.04]) * example.weight.numpy(), rtol=1e-4)
    assert not np.allclose(example.weight, 1)
