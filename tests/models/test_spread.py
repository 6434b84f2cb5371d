import numpy as np
import pytest
import tensorflow as tf

from dlss_tf._compat import arrays, variables
from dlss_tf.config import preset
from dlss_tf.models import scan_grid, spread

CONFIG = preset("quick", "scan-grid").replace(factors=(4, 5), width=0.2)
pytestmark = pytest.mark.usefixtures("few_layers")


def build():
    networks = scan_grid.build(CONFIG)
    scan_grid.initialize(networks)
    head = spread.build(CONFIG, networks)
    spread.initialize(head)
    return networks, head


@pytest.mark.parametrize("factor", [4, 5])
def test_expects_one_deviation_everywhere_before_training(rng, factor):
    networks, head = build()
    inputs = [tf.constant(rng.random((2, 41, 37, 1)), tf.float32), tf.fill([2], factor)]
    output, deviation = head.both(inputs)
    np.testing.assert_array_equal(output, networks.generator(inputs))
    np.testing.assert_allclose(deviation, np.full((2, 41, 37, 1), spread.START), rtol=1e-5)


def test_head_has_weights_of_its_own_alone():
    networks, head = build()
    assert not set(variables(head.head)) & set(variables(networks.generator))
    assert all(name.startswith("spread") for name in variables(head.head))


def test_trained_weights_come_back(rng):
    networks, head = build()
    for variable in variables(head.head).values():
        variable.assign(tf.constant(rng.normal(0, 0.1, variable.shape), tf.float32))
    inputs = [tf.constant(rng.random((1, 41, 37, 1)), tf.float32), tf.fill([1], 4)]
    both = spread.trained(CONFIG, arrays(networks.generator), arrays(head.head))
    for again, was in zip(both(inputs), head.both(inputs)):
        np.testing.assert_allclose(again, was, atol=1e-6)
    assert (np.asarray(was) >= spread.LEAST).all() and np.std(was) > 0


def test_likelihood_is_the_greatest_at_the_errors_deviation(rng):
    errors = tf.constant(rng.normal(0, 0.2, (1, 50, 50, 1)), tf.float32)
    losses = [float(spread.negative_log_likelihood(errors, tf.fill([1, 50, 50, 1], d))) for d in (0.1, 0.15, 0.2, 0.3)]
    assert np.argmin(losses) == 2
