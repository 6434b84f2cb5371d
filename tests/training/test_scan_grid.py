import numpy as np
import pytest
import tensorflow as tf

from dlss_tf._compat import variables
from dlss_tf.config import SCAN_GRID_PRESETS
from dlss_tf.layers.blur import blur_target
from dlss_tf.models import generators
from dlss_tf.training import scan_grid
from dlss_tf.training.state import State
from dlss_tf.training.steps import train_step, validation_step

pytestmark = pytest.mark.usefixtures("few_layers")


@pytest.fixture(scope="module")
def config():
    return SCAN_GRID_PRESETS["quick"].replace(
        factors=(3, 4), size=64, width=0.1, batch=2, iterations=1000, learning_rate=3e-3
    )


@pytest.fixture
def crops():
    x = np.linspace(0, 6, 64)
    waves = [np.add.outer(np.sin(x * f), np.cos(x * f)) for f in (1, 2)]
    return tf.constant(np.stack([(w - w.min()) / np.ptp(w) for w in waves])[..., None], tf.float32)


def new_state(config):
    state = State.create(config)
    generators.initialize(config, state.networks)
    return state


def positions(step):
    return tf.constant([2 * step, 2 * step + 1], tf.int64)


def test_error_is_that_of_interpolating_filtered_scans_before_training(config, crops):
    """In the crop's [0, 1], of the window that the iteration draws."""
    state = new_state(config)
    mses = [scan_grid.weighted_mse(config, state, crops, tf.constant(s), tf.ones([2])).numpy() for s in (3, 4)]
    blurred = blur_target(crops).numpy()
    assert np.shape(mses) == (2, 2)
    assert (np.array(mses) < 0.02 * blurred.var((1, 2, 3))).all()  # smooth crops interpolate well
    assert (np.array(mses) > 0).all()
    halved = scan_grid.weighted_mse(config, state, crops, tf.constant(3), 2 * tf.ones([2])).numpy()
    np.testing.assert_allclose(halved, mses[0] / 2, rtol=1e-5)


def test_every_factor_is_trained_on_as_many_samples():
    """As the coarsest has in a crop, but no more than pay; with their border a multiple of 4."""
    config = SCAN_GRID_PRESETS["quick"]
    assert scan_grid.window_samples(config) == 42  # of 512 px at s = 12
    assert scan_grid.window_samples(config.replace(factors=(5,), size=64)) == 10
    assert scan_grid.window_samples(config.replace(factors=(2, 4))) == 46


def test_windows_move_with_the_iteration(config, rng):
    state, crops = new_state(config), tf.constant(rng.random((2, 64, 64, 1)), tf.float32)
    factor, p = tf.constant(3), tf.ones([2])
    first = scan_grid.weighted_mse(config, state, crops, factor, p).numpy()
    np.testing.assert_array_equal(scan_grid.weighted_mse(config, state, crops, factor, p).numpy(), first)
    state.iteration.assign(7)
    assert (scan_grid.weighted_mse(config, state, crops, factor, p).numpy() != first).all()


def test_a_crop_and_its_multiple_have_one_loss(config, rng):
    """Errors are in the crop's scale, which the scan's samples do not span."""
    state, crops = new_state(config), tf.constant(rng.random((2, 64, 64, 1)), tf.float32)
    factor, p = tf.constant(4), tf.ones([2])
    mse = scan_grid.weighted_mse(config, state, crops, factor, p).numpy()
    np.testing.assert_allclose(scan_grid.weighted_mse(config, state, crops / 2, factor, p).numpy(), mse / 4, rtol=1e-4)


@pytest.mark.parametrize(
    "changes", [{}, {"xla": True}, {"mixed_precision": True}], ids=["default", "xla", "mixed_precision"]
)
def test_loss_falls_on_fixed_data(config, crops, changes):
    config = config.replace(factors=(4,), **changes)
    state = new_state(config)
    step = train_step(config, state)
    losses = [float(step(positions(i), crops)["root_mse"]) for i in range(80)]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])
    assert int(state.iteration.numpy()) == 80


def test_every_factor_trains_its_head_and_the_body(config, crops):
    state = new_state(config)
    before = {name: v.numpy() for name, v in variables(state.networks.generator).items()}
    step = train_step(config, state)
    for i in range(8):
        step(positions(i), crops)
    moved = {name for name, v in variables(state.networks.generator).items() if (v.numpy() != before[name]).any()}
    assert moved == set(before)


def test_validates_and_saves_averaged_weights(config, crops):
    state = new_state(config)
    step, validate = train_step(config, state), validation_step(config, state)
    for i in range(12):
        step(positions(i), crops)
    assert state.generator is not state.networks.generator
    trained, averaged = (variables(model) for model in (state.networks.generator, state.generator))
    assert any((trained[name].numpy() != averaged[name].numpy()).any() for name in trained)
    scalars, images = validate(positions(0), crops)
    assert 0 < float(scalars["validation_equation_3"]) < 10
    assert images.shape == (6, 64, 64, 1)
    assert new_state(config.replace(average_weights=0.0)).averaged is None


def test_gradients_are_scaled_down_together():
    clipped = scan_grid.clipped({"a": tf.constant([3.0]), "b": tf.constant([4.0])})
    np.testing.assert_allclose(clipped["a"], [0.6])
    np.testing.assert_allclose(clipped["b"], [0.8])
    small = scan_grid.clipped({"a": tf.constant([0.3])})
    np.testing.assert_allclose(small["a"], [0.3], rtol=1e-6)
