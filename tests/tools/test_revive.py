import numpy as np
import pytest

from dlss_tf import Supersampler, weights
from dlss_tf.errors import InputError
from tools.revive import revive


def test_silent_channels_are_heard_again_and_the_output_stays(tiny_run, tiny_data, tmp_path, rng):
    silenced, revived = str(tmp_path / "silenced"), str(tmp_path / "revived")
    config, arrays = weights.load(tiny_run)
    for layer in ("inner_conv2", "inner_up2", "outer_residual2_conv1", "outer_residual2_conv3", "outer_conv3"):
        arrays[f"{layer}_norm/bias"][:3] = -1e9
    config.save_in(silenced)
    weights.save(silenced, arrays)
    found = revive(silenced, revived, [tiny_data])
    assert all(found[layer] >= 3 for layer in ("inner_conv2", "inner_up2", "outer_residual2_conv1", "outer_conv3"))
    scan = rng.random((13, 13), np.float32)
    before, after = (Supersampler(run)(scan, 5) for run in (silenced, revived))
    assert np.abs(after - before).max() < 0.1 * np.ptp(before)
    again = revive(revived, str(tmp_path / "again"), [tiny_data])
    assert sum(again.values()) < sum(found.values()) / 4
    assert again["outer_conv3"] == 0


def test_refuses_a_one_stage_generator(tiny_one_stage_run, tiny_data, tmp_path):
    with pytest.raises(InputError, match="expected those of a two-stage generator, found a one-stage one"):
        revive(tiny_one_stage_run, str(tmp_path / "revived"), [tiny_data])
    assert not (tmp_path / "revived").exists()


def test_refuses_a_leaky_generator(tiny_run, tiny_data, tmp_path):
    config, arrays = weights.load(tiny_run)
    leaky = str(tmp_path / "leaky")
    config.replace(activation="leaky").save_in(leaky)
    weights.save(leaky, arrays)
    with pytest.raises(InputError, match="expected those of a generator with activation relu, found leaky"):
        revive(leaky, str(tmp_path / "revived"), [tiny_data])
