import numpy as np
import pytest

from dlss_tf.evaluation.noise import floor


def test_figure(made, tmp_path):
    report = made("noise_floor", "--limit", "2")
    each = list(report["per_image"].values())
    assert report["images"] == len(each) == 2
    assert report["root_mean_mse"] == pytest.approx(np.sqrt(np.mean([image["mse"] for image in each])))
    assert report["root_mean_floor"] == pytest.approx(
        np.sqrt(np.mean([floor(image["noise"], 5) ** 2 for image in each]))
    )
    assert len((tmp_path / "noise_floor.csv").read_text().splitlines()) == 3
    assert (tmp_path / "noise_floor.png").exists()
