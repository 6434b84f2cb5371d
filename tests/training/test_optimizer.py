import numpy as np
import pytest
import tensorflow as tf
from golden import trace

from dlss_tf.training.optimizer import Adam


def test_matches_tensorflow_1_under_a_changing_rate_and_beta1():
    golden = trace("adam")
    x = tf.Variable(golden["x0"])
    adam = Adam({"x": x}, beta1=0.9)
    for i, gradient in enumerate(golden["gradients"]):
        adam.apply({"x": tf.constant(gradient)}, golden["learning_rate"][i], golden["beta1"][i])
        np.testing.assert_allclose(x, golden["x_after"][i], rtol=1e-6, atol=1e-7)


def tensorflow_1(start, gradients, rate, beta1):
    """x after each step of TensorFlow 1's own optimiser, from a graph and session of its own."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.get_variable("x", initializer=tf.constant(start))
        gradient = tf.compat.v1.placeholder(tf.float32, start.shape)
        optimizer = tf.compat.v1.train.AdamOptimizer(rate, beta1, 0.999, 1e-8)
        step = optimizer.apply_gradients([(gradient, x)])
        session.run(tf.compat.v1.global_variables_initializer())
        after = []
        for each in gradients:
            session.run(step, {gradient: each})
            after.append(session.run(x))
        return after


@pytest.mark.parametrize("beta1", [0.9, 0.5])
def test_bias_correction_starts_at_the_optimisers_own_beta1(rng, beta1):
    start, gradients = rng.normal(size=3).astype(np.float32), rng.normal(size=(6, 3)).astype(np.float32)
    x = tf.Variable(start)
    adam = Adam({"x": x}, beta1)
    for gradient, expected in zip(gradients, tensorflow_1(start, gradients, 0.1, beta1), strict=True):
        adam.apply({"x": tf.constant(gradient)}, 0.1, beta1)
        np.testing.assert_allclose(x, expected, rtol=1e-6, atol=1e-7)


def test_state_holds_all_that_changes():
    def steps(adam, x, count):
        for _ in range(count):
            adam.apply({"x": tf.cos(x)}, 0.1, 0.7)
        return x.numpy()

    x, again = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
    adam, resumed = Adam({"x": x}, 0.7), Adam({"x": again}, 0.7)
    steps(adam, x, 3)
    again.assign(x)
    for name, variable in resumed.state().items():
        variable.assign(adam.state()[name])
    np.testing.assert_array_equal(steps(resumed, again, 2), steps(adam, x, 2))
