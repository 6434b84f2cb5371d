import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import lattice
from dlss_tf._compat import arrays, variables
from dlss_tf.config import preset
from dlss_tf.layers.blur import blur_target
from dlss_tf.models import scan_grid
from dlss_tf.training import spread

CONFIG = preset("quick", "scan-grid").replace(factors=(4,), width=0.2, size=96)
pytestmark = pytest.mark.usefixtures("few_layers")


@pytest.fixture
def generator():
    networks = scan_grid.build(CONFIG)
    scan_grid.initialize(networks)
    return arrays(networks.generator)


def test_learns_where_errors_are_large_and_leaves_the_generator(generator, rng):
    """Noise in the right half alone; the head is trained on it, and what it then tells is the greater there."""
    made, head = spread.networks(CONFIG, generator)
    step = spread.spread_step(CONFIG, made, head, 200)
    crops = np.full((4, 96, 96, 1), 0.5, np.float32)
    crops[:, :, 48:] += rng.normal(0, 0.1, (4, 96, 48, 1))
    crops[:, 0, 0], crops[:, 4, 4] = 0, 1
    losses = [float(step(tf.constant(crops), tf.constant(4), tf.constant(i, tf.int64))) for i in range(200)]
    assert np.mean(losses[-5:]) < losses[0] - 0.05
    unit, _ = spread.in_scan_scale(tf.constant(crops), tf.constant(4))
    deviation = head.both([unit, tf.fill([4], 4)])[1].numpy()[:, 16:-16]
    assert deviation[:, :, 60:-16].mean() > 1.5 * deviation[:, :, 16:36].mean()
    for name, variable in variables(made.generator).items():
        np.testing.assert_array_equal(variable, generator[name])


def test_samples_span_the_scale(rng):
    crops = tf.constant(rng.random((2, 97, 97, 1)), tf.float32)
    unit, target = spread.in_scan_scale(crops, tf.constant(4))
    samples = lattice.downsample(unit.numpy()[..., 0], 4)
    np.testing.assert_allclose([samples.min((1, 2)), samples.max((1, 2))], [[0, 0], [1, 1]], atol=1e-6)
    np.testing.assert_allclose(target, blur_target(unit), atol=1e-4)
