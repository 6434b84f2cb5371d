import numpy as np
import pytest

from dlss_tf.evaluation.images import blurred
from experiments.noise_floor import LEFT, floor


def test_what_the_blur_leaves_of_white_noise(rng):
    assert pytest.approx(0.0414, abs=5e-5) == LEFT
    noise = rng.normal(0, 1, (512, 512)).astype(np.float32)
    assert blurred(noise)[2:-2, 2:-2].var() == pytest.approx(LEFT, rel=0.03)


def test_floor():
    assert floor(0.1) == pytest.approx(0.1 * np.sqrt(0.0414 * 24 / 25), rel=1e-3)
    np.testing.assert_allclose(floor(np.array([0.0, 1.0]), 2), [0, np.sqrt(0.75 * LEFT)])


def test_figure(made, tmp_path):
    report = made("noise_floor", "--limit", "2")
    each = list(report["per_image"].values())
    assert report["images"] == len(each) == 2
    assert report["root_mean_mse"] == pytest.approx(np.sqrt(np.mean([image["mse"] for image in each])))
    assert report["root_mean_floor"] == pytest.approx(np.sqrt(np.mean([floor(image["noise"]) ** 2 for image in each])))
    assert len((tmp_path / "noise_floor.csv").read_text().splitlines()) == 3
    assert (tmp_path / "noise_floor.png").exists()
