import numpy as np
import pytest
import tensorflow as tf

from dlss_tf._compat import variables
from dlss_tf.models.two_stage import freeze_means, initialize
from dlss_tf.training import losses
from dlss_tf.training.steps import State, train_step, validation_step


@pytest.fixture
def config(tiny_config):
    return tiny_config.replace(iterations=1000)


@pytest.fixture
def crops(rng):
    """Smooth crops, so that a tiny network can learn them."""
    x = np.linspace(0, 6, 64)
    waves = [np.add.outer(np.sin(x * f), np.cos(x * f)) for f in (1, 2)]
    crops = np.stack([(w - w.min()) / np.ptp(w) for w in waves])
    return tf.constant(crops[..., None], tf.float32)


def new_state(config, crops):
    state = State.create(config)
    initialize(state.networks, size=64, seed=config.seed)
    freeze_means(state.networks)
    for i in range(state.replay.members):
        state.replay.fill(i, crops[i % 2], tf.constant(5))
    return state


def snapshot(model):
    return {name: v.numpy() for name, v in variables(model, trainable_only=True).items()}


def positions(step):
    return tf.constant([2 * step, 2 * step + 1], tf.int64)


@pytest.mark.parametrize(
    "changes",
    [{}, {"xla": True}, {"mixed_precision": True}, {"upsampling": "bilinear", "intensity_reference": "crop"}],
    ids=["default", "xla", "mixed_precision", "bilinear, crop"],
)
def test_loss_falls_on_fixed_data(config, crops, changes):
    config = config.replace(factors=(5,), **changes)
    state = new_state(config, crops)
    step = train_step(config, state)
    history = [float(step(positions(i), crops)["equation_3"]) for i in range(60)]
    assert np.mean(history[-5:]) < 0.2 * np.mean(history[:5])
    assert int(state.iteration) == 60
    assert int(state.position) == 120


def test_each_network_minimises_its_own_loss(config, crops, monkeypatch):
    """Without eq. 7 the trainer stays and inner and outer move; without eq. 3 the outer stays."""
    for silenced, still in (("equation_7", "trainer"), ("equation_3", "outer")):
        with monkeypatch.context() as patch:
            patch.setattr(losses, silenced, lambda outputs, *_: 0.0 * tf.reduce_mean(outputs, (1, 2, 3)))
            state = new_state(config, crops)
            before = {name: snapshot(getattr(state.networks, name)) for name in ("inner", "outer", "trainer")}
            train_step(config, state)(positions(0), crops)
        for name, weights in before.items():
            after = snapshot(getattr(state.networks, name))
            moved = [key for key in weights if not np.array_equal(weights[key], after[key])]
            assert (not moved) if name == still else (len(moved) > len(weights) / 2), (silenced, name)


def test_first_step_moves_the_trainer_twice_as_far(config, crops):
    state = new_state(config, crops)
    before = snapshot(state.networks.generator), snapshot(state.networks.trainer)
    train_step(config, state)(positions(0), crops)
    after = snapshot(state.networks.generator), snapshot(state.networks.trainer)
    furthest = [max(np.abs(a[k] - b[k]).max() for k in a) for a, b in zip(after, before, strict=True)]
    assert furthest == pytest.approx([config.learning_rate, 2 * config.learning_rate], rel=1e-2)


def test_validation_changes_counters_only(config, crops):
    state = new_state(config, crops)
    before = {**snapshot(state.networks.generator), **snapshot(state.networks.trainer)}
    scalars, images = validation_step(config, state)(positions(3), crops)
    assert np.isfinite(float(scalars["validation_equation_3"]))
    assert images.shape == (6, 64, 64, 1)
    assert float(tf.reduce_min(images)) >= 0 and float(tf.reduce_max(images)) <= 1
    assert (int(state.iteration), int(state.position), int(state.validation_position)) == (1, 0, 8)
    after = {**snapshot(state.networks.generator), **snapshot(state.networks.trainer)}
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])
