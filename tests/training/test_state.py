import pytest
import tensorflow as tf

from dlss_tf.config import preset
from dlss_tf.training import checkpoints
from dlss_tf.training.state import State

pytestmark = pytest.mark.usefixtures("few_layers")


@pytest.fixture
def config(tiny_config):
    return tiny_config.replace(size=32, factors=(4, 5))


@pytest.mark.parametrize(
    ("changes", "groups", "alrcs"),
    [
        ({}, {"generator", "trainer"}, {"equation_3", "equation_7"}),
        ({"objective": "no-blur"}, {"generator", "trainer", "predictor"}, {"equation_6", "equation_7", "error"}),
        ({"adversarial": True}, {"generator", "trainer", "discriminators"}, {"equation_3", "equation_7"}),
    ],
)
def test_only_what_an_objective_needs_is_there(config, changes, groups, alrcs):
    state = State.create(config.replace(**changes))
    assert set(state.models) == set(state.adams) == groups and set(state.alrcs) == alrcs
    assert state.replay is not None and int(state.iteration) == 0


def test_one_stage_training_has_no_replay(config):
    state = State.create(preset("quick", "one-stage").replace(size=32, width=0.05))
    assert state.replay is None and set(state.models) == {"generator"} and set(state.alrcs) == {"equation_11"}


def test_a_checkpoint_holds_all_that_training_changes(config, tmp_path):
    """Every variable, moved, comes back; discriminators are left out where they are new."""
    state, other = (State.create(config.replace(adversarial=True, objective="no-blur")) for _ in range(2))
    held = state.checkpoint()
    variables = [v for _, v in _leaves(held)]
    for i, variable in enumerate(variables):
        variable.assign("text" if variable.dtype == tf.string else tf.fill(variable.shape, tf.cast(i, variable.dtype)))
    path = held.write(str(tmp_path / "checkpoint"))
    other.checkpoint().read(path).assert_consumed()
    for (name, first), (_, second) in zip(_leaves(held), _leaves(other.checkpoint()), strict=True):
        assert tf.reduce_all(first == second), name
    names = {name.split("/")[0] for name, _ in tf.train.list_variables(path)}
    assert {"generator", "trainer", "predictor", "discriminators", "replay", "counters", "tracked", "log"} <= names
    assert not any("discriminators" in name for name, _ in _leaves(state.checkpoint(discriminators=False)))


@pytest.mark.parametrize("changes", [{}, {"objective": "no-blur", "adversarial": True, "average_weights": 0.9}])
def test_no_variable_is_of_a_type_that_is_held_on_the_host(config, changes):
    """int32 is on a GPU's host, where a step that XLA compiles for the GPU does not reach it."""
    assert tf.int32 not in {variable.dtype for variable in State.create(config.replace(**changes)).numbers()}


def test_a_checkpoint_with_factors_as_they_were_written_once_is_gone_on_from(config, tmp_path):
    state, other = State.create(config), State.create(config)
    factors = tf.range(state.replay.members) % 7 + 4
    held = state.checkpoint()
    held.replay = {**dict(held.replay), "factors": tf.Variable(factors)}
    assert held.replay["factors"].dtype == tf.int32
    checkpoints.save(held, str(tmp_path), 3)
    assert checkpoints.restore(other, str(tmp_path))
    assert other.replay.factors.numpy().tolist() == factors.numpy().tolist()


def _leaves(checkpoint):
    """Variables of a checkpoint by path, in order."""

    def walk(path, value):
        if isinstance(value, tf.Variable):
            yield path, value
        else:
            for name in sorted(value):
                yield from walk(f"{path}/{name}", value[name])

    for child in sorted(checkpoint._trackable_children()):
        if child != "save_counter":
            yield from walk(child, getattr(checkpoint, child))
