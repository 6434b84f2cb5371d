import numpy as np
import tensorflow as tf
from golden import trace

from dlss_tf.training.optimizer import Adam


def test_matches_tensorflow_1_under_a_changing_rate_and_beta1():
    golden = trace("adam")
    x = tf.Variable(golden["x0"])
    adam = Adam({"x": x})
    for i, gradient in enumerate(golden["gradients"]):
        adam.apply({"x": tf.constant(gradient)}, golden["learning_rate"][i], golden["beta1"][i])
        np.testing.assert_allclose(x, golden["x_after"][i], rtol=1e-6, atol=1e-7)


def test_state_holds_all_that_changes():
    def steps(adam, x, count):
        for _ in range(count):
            adam.apply({"x": tf.cos(x)}, 0.1, 0.7)
        return x.numpy()

    x, again = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
    adam, resumed = Adam({"x": x}), Adam({"x": again})
    steps(adam, x, 3)
    again.assign(x)
    for name, variable in resumed.state().items():
        variable.assign(adam.state()[name])
    np.testing.assert_array_equal(steps(resumed, again, 2), steps(adam, x, 2))
