import os
import shutil

import numpy as np
import pytest

from dlss_tf import Supersampler, weights
from dlss_tf.config import preset
from dlss_tf.errors import InputError
from dlss_tf.evaluation import fit_uncertainty as module
from dlss_tf.inference.passes import Passes


def test_a_generator_tells_its_errors_afterwards(tiny_scan_grid_run, tiny_data, tmp_path, rng):
    run = str(tmp_path / "run")
    shutil.copytree(tiny_scan_grid_run, run)
    found = module.fit_uncertainty(run, [tiny_data], iterations=3)
    assert found > 0 and sorted(os.listdir(os.path.join(run, "weights"))) == ["generator.npz", "spread.npz"]
    image, deviation = Supersampler(run).with_uncertainty(rng.random((12, 12)), 4)
    assert image.shape == deviation.shape == (48, 48)
    assert (deviation > 0).all()
    assert weights.load_spread(run)["calibration"] == np.float32(found)


def test_calibration_makes_what_is_told_hold(tiny_data, monkeypatch, rng):
    """Errors of deviation 0.1, told as 0.05 of the crop's range: to be doubled."""
    from dlss_tf.data.files import list_files

    noise = rng.normal(0, 0.1, (1, 512, 512, 1)).astype(np.float32)
    crop = np.zeros((512, 512), np.float32)
    crop[::5] = 1
    monkeypatch.setattr(module, "central_crops", lambda files, size: [("", crop)])
    monkeypatch.setattr(module, "blurred", lambda crop: crop * 0)

    def generator(images, factor):
        return np.concatenate([noise, np.full_like(noise, 0.05)], 3)

    config = preset("quick", "scan-grid").replace(factors=(4,))
    ratios = module.ratios(config, Passes(config, generator, 1024), list_files([tiny_data], "val")[:1])
    assert module.calibration(ratios) == pytest.approx(2, rel=0.05)


def held(ratios, factor):
    """What the 68% and the 95% interval hold."""
    return [np.mean(ratios <= limit * factor) for limit in module.INTERVALS.values()]


def test_intervals_of_normally_distributed_errors_hold_what_they_promise(rng):
    ratios = 3 * np.abs(rng.normal(size=50_000))
    factor = module.calibration(ratios)
    assert factor == pytest.approx(3, rel=0.02)
    np.testing.assert_allclose(held(ratios, factor), [0.68, 0.95], atol=0.005)


def test_intervals_of_errors_with_long_tails_are_equally_near(rng):
    ratios = np.abs(rng.standard_t(5, size=50_000))
    first, second = held(ratios, module.calibration(ratios))
    assert 0.68 < first < 0.72 and 0.93 < second < 0.95
    assert (first - 0.68) / 0.03 == pytest.approx((0.95 - second) / 0.02, abs=0.05)


def test_refuses_other_networks(tiny_run, tiny_data):
    with pytest.raises(InputError, match="expected those of a scan-grid generator, found a two-stage one's"):
        module.fit_uncertainty(tiny_run, [tiny_data])
    assert not os.path.exists(os.path.join(tiny_run, weights.SPREAD_FILE))


def test_refuses_what_cannot_be_written_into_and_nothing_to_do(tiny_scan_grid_run, tiny_data):
    """A pretrained generator's name would mean the installed one's own files."""
    with pytest.raises(InputError, match="weights: expected a run directory, to write into, found unified-scan"):
        module.fit_uncertainty("unified-scan", [tiny_data])
    with pytest.raises(InputError, match="iterations: expected at least 1, found 0"):
        module.fit_uncertainty(tiny_scan_grid_run, [tiny_data], iterations=0)
