import argparse
import os

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import weights
from dlss_tf._compat import arrays, variables
from dlss_tf.errors import InputError
from dlss_tf.models import generators, mse_predictor
from dlss_tf.training.state import State
from experiments._report import new_figure
from experiments.fig03 import NEEDED, draw_pairs, pairs, trained_predictor


@pytest.fixture(scope="module")
def no_blur(tiny_config):
    return tiny_config.replace(objective="no-blur", factors=(4, 5))


@pytest.fixture(scope="module")
def run(no_blur, tmp_path_factory):
    """What a run without blur would save before its first iteration; averaged weights are 2, to be told apart."""
    config, directory = no_blur.replace(average_predictor=0.5), str(tmp_path_factory.mktemp("no-blur"))
    state = State.create(config)
    generators.initialize(config, state.networks)
    for variable in variables(state.averaged_predictor).values():
        variable.assign(2 * tf.ones_like(variable))
    config.save_in(directory)
    weights.save(directory, arrays(state.networks.generator))
    state.checkpoint().save(os.path.join(directory, "checkpoints", "ckpt"))
    return directory


def test_the_predictor_is_the_checkpoints(no_blur, run):
    found, checkpoint = trained_predictor(no_blur, run)
    expected = mse_predictor.mse_predictor()
    mse_predictor.initialize(expected, no_blur.seed)
    assert all(np.array_equal(value, arrays(expected)[name]) for name, value in arrays(found).items())
    assert checkpoint.endswith("ckpt-1")


def test_averaged_weights_if_they_predict(no_blur, run):
    found, _ = trained_predictor(no_blur.replace(average_predictor=0.5), run)
    assert all((value == 2).all() for value in arrays(found).values())


def test_pairs_are_of_each_image_and_coverage(no_blur, run, tmp_path):
    asked = {"weights": run, "data": list(no_blur.data), "split": "val", "size": 64, "limit": 3}
    found = pairs(argparse.Namespace(**asked, out=str(tmp_path)))
    assert found.shape == (3 * 2, 2)
    assert (found[:, 0] > 0).all()
    assert np.isfinite(found).all()


def test_a_run_with_blur_or_without_a_checkpoint_has_none(tiny_config, no_blur, run, tmp_path):
    for config, directory in ((tiny_config, run), (no_blur, str(tmp_path))):
        with pytest.raises(InputError, match=NEEDED):
            trained_predictor(config, directory)


def test_how_predictions_agree():
    found = draw_pairs(new_figure()[1][0, 0], np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]))
    assert found == {"examples": 3, "correlation": pytest.approx(1)}
