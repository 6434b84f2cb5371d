import numpy as np
import pytest

from experiments.laplacian import mean_absolute_laplacian, ratio, segments


def test_laplacian_of_a_parabola_and_of_a_plane():
    y, x = np.mgrid[:9, :7].astype(np.float32)
    assert mean_absolute_laplacian(x**2 - 3 * y) == pytest.approx(2)
    assert mean_absolute_laplacian(-np.stack([x**2 + y**2, 2 * x + y])) == pytest.approx(2)  # means of 4 and 0


def test_segments_lie_edge_to_edge():
    crop = np.arange(64.0).reshape(8, 8)
    found = segments(crop, 3)
    assert found.shape == (2, 2, 3, 3)
    np.testing.assert_array_equal(found[1, 0], crop[3:6, :3])


def test_white_noise_has_no_correlation_to_lose(rng):
    assert ratio(rng.normal(size=(512, 512))) == pytest.approx(1, abs=0.03)


def test_smooth_images_lose_some_and_uniform_ones_have_no_ratio():
    x = np.linspace(0, 30, 512)
    assert ratio(np.sin(x) + np.sin(x)[:, None]) == pytest.approx(1 / 25, rel=0.1)
    assert ratio(np.full((64, 64), 0.5)) is None


def test_figure(made, tmp_path):
    report = made("laplacian", generator=False)
    assert report["images"] == 4 and report["split"] == "val" and "weights" not in report
    assert report["ratio"]["here"] == pytest.approx(np.mean(list(report["per_image"].values())))
    assert report["ratio"]["paper"] == 0.93
    assert (tmp_path / "laplacian.png").exists()
