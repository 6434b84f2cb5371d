import pytest

from dlss_tf import weights
from dlss_tf._compat import arrays
from dlss_tf.errors import InputError
from dlss_tf.training import start
from dlss_tf.training.state import State


@pytest.fixture(autouse=True)
def small(few_layers):
    """Networks of few layers."""


def test_a_run_begins_with_crops_in_its_replay_buffer_and_goes_on_behind_them(tiny_config, tmp_path):
    state = State.create(tiny_config)
    assert start.restored_or_begun(tiny_config, str(tmp_path), state) is None
    assert int(state.position) == state.replay.members and int(state.iteration) == 0
    assert (state.replay.crops.numpy().max((1, 2, 3)) == 1).all() and (state.replay.factors.numpy() >= 4).all()


def test_files_of_folders_that_are_to_be_balanced(tiny_config, tiny_data):
    files = start.training_files(tiny_config.replace(data=(tiny_data, tiny_data), balance_data=True))
    assert len(files) == 24 and len(set(files)) == 12


def test_weights_to_start_from(tiny_config, short_run, tmp_path):
    state = State.create(tiny_config.replace(start_from=short_run, adversarial=True))
    start.begin(tiny_config.replace(start_from=short_run, adversarial=True), state)
    expected = weights.load(short_run)[1]
    assert all((value == expected[name]).all() for name, value in arrays(state.networks.generator).items())
    assert int(state.iteration) == tiny_config.iterations
    wide = tiny_config.replace(width=0.3)
    with pytest.raises(InputError, match="start_from .*: does not fit its config.json"):
        start.begin(wide.replace(start_from=short_run), State.create(wide))
