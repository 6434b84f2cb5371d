import numpy as np
import pytest

from dlss_tf import Supersampler, weights
from tools.publish import publish
from tools.widen import widen


def test_published_weights_are_the_runs_in_half_precision(tiny_run, tmp_path, rng):
    publish(tiny_run, str(tmp_path / "checkpoint"))
    config, arrays = weights.load(str(tmp_path / "checkpoint"))
    assert config == weights.load(tiny_run)[0].replace(data=())
    for name, array in weights.load(tiny_run)[1].items():
        np.testing.assert_allclose(arrays[name], array, rtol=1e-3, atol=1e-7)
    with np.load(tmp_path / "checkpoint" / weights.FILE) as file:
        assert {file[name].dtype for name in file.files} == {np.dtype(np.float16)}
    scan = rng.random((13, 13), np.float32)
    images = [Supersampler(directory)(scan, 5) for directory in (tiny_run, str(tmp_path / "checkpoint"))]
    np.testing.assert_allclose(images[1], images[0], atol=0.01)


@pytest.mark.parametrize(("begun", "kept"), [(weights.PRETRAINED, weights.PRETRAINED), ("runs/mine", "")])
def test_what_a_run_started_from_is_kept_if_it_is_pretrained(tiny_run, tmp_path, begun, kept):
    config, arrays = weights.load(tiny_run)
    config.replace(start_from=begun).save_in(str(tmp_path / "run"))
    weights.save(str(tmp_path / "run"), arrays)
    publish(str(tmp_path / "run"), str(tmp_path / "checkpoint"))
    assert weights.load(str(tmp_path / "checkpoint"))[0].start_from == kept


def test_weights_of_an_earlier_edition_are_published_and_widened_as_such(tiny_run, as_first_edition, tmp_path):
    run = as_first_edition(tiny_run)
    publish(run, str(tmp_path / "published"))
    widen(run, str(tmp_path / "wide"), 0.06)
    assert {weights.load(str(tmp_path / name))[0].rules for name in ("published", "wide")} == {1}
