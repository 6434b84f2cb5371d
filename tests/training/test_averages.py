import numpy as np
import pytest
import tensorflow as tf

from dlss_tf._compat import arrays, variables
from dlss_tf.config import preset
from dlss_tf.models import generators
from dlss_tf.training import averages
from dlss_tf.training.state import State

pytestmark = pytest.mark.usefixtures("few_layers")


def state_of(config):
    state = State.create(config)
    generators.initialize(config, state.networks)
    return state


def moved(state, amount):
    """All the generator's variables, changed by so much."""
    for variable in variables(state.networks.generator).values():
        variable.assign_add(tf.fill(variable.shape, amount))


def test_generators_average_over_iterations_warms_up(tiny_config):
    """Running means are averaged as weights are; the decay is what was asked for where t / (t + 10) is more."""
    config = tiny_config.replace(average_weights=0.75)
    state = state_of(config)
    averages.start(state)
    begun = arrays(state.networks.generator)
    assert state.generator is state.averaged and state.averaged is not state.networks.generator
    assert any(name.endswith("/mu") for name in begun)
    expected = 0.0  # above the first weights
    for done, decay in ((0, 0.0), (10, 0.5), (1000, 0.75)):
        state.iteration.assign(done)
        moved(state, 1.0)
        averages.update(config, state)
        above = float(np.mean(arrays(state.networks.generator)["inner_conv1_norm/mu"] - begun["inner_conv1_norm/mu"]))
        expected = decay * expected + (1 - decay) * above
        for name, value in arrays(state.averaged).items():
            np.testing.assert_allclose(value - begun[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


def test_average_begins_at_the_weights(tiny_config):
    state = state_of(tiny_config.replace(average_weights=0.999))
    averages.start(state)
    for name, value in arrays(state.networks.generator).items():
        np.testing.assert_array_equal(arrays(state.averaged)[name], value)


def test_a_flag_is_copied():
    """Batch norm's, which says that its moving averages are frozen."""
    config = preset("quick", "one-stage").replace(size=32, width=0.05, average_weights=0.999)
    state = state_of(config)
    averages.start(state)
    state.iteration.assign(1000)
    generators.freeze(config, state.networks)
    averages.update(config, state)
    flags = {float(value) for name, value in arrays(state.averaged).items() if name.endswith("/frozen")}
    assert flags == {1.0}


def test_none_unless_asked_for(tiny_config):
    state = state_of(tiny_config)
    averages.start(state)
    averages.update(tiny_config, state)
    assert state.averaged is None and state.generator is state.networks.generator
