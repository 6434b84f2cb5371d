import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import _compat
from dlss_tf.config import preset
from dlss_tf.models import generators
from dlss_tf.models.one_stage import OneStage
from dlss_tf.models.two_stage import TwoStage


@pytest.mark.parametrize(("network", "kind"), [("two-stage", TwoStage), ("one-stage", OneStage)])
def test_a_config_chooses_the_network(network, kind, rng):
    config = preset("quick", network).replace(size=64, width=0.05)
    networks = generators.build(config)
    assert isinstance(networks, kind)
    generators.initialize(config, networks)
    generators.freeze(config, networks)
    arrays = _compat.arrays(networks.generator)
    inputs = tf.constant(rng.random((1, 64, 64, 1)), tf.float32)
    outputs = generators.trained(config, arrays)(inputs)
    np.testing.assert_allclose(outputs, networks.generator(inputs, training=False), rtol=0, atol=1e-4)
    arrays.pop(next(iter(arrays)))
    with pytest.raises((KeyError, ValueError)):
        generators.trained(config, arrays)
