import numpy as np
import pytest

from dlss_tf.lattice import EQUATION_1, p_raw
from experiments.fig02 import root


def test_root_of_a_quadratic():
    assert root(0.04, EQUATION_1) == np.sqrt(p_raw(0.04))
    assert np.isnan(root(1.0, (0.0, -1.0, 0.0)))


def test_fit_beside_equation_1(made, tmp_path):
    report = made("fig02", "--limit", "2")
    assert report["images"] == 2 and report["split"] == "train"
    assert list(report["root_mse"]) == [f"1/{s**2}" for s in range(4, 11)]
    assert report["coefficients"]["paper"] == list(EQUATION_1)
    assert report["paper_root_mse"]["1/25"] == root(1 / 25, EQUATION_1)
    squares = np.square(list(report["root_mse"].values()))
    expected = np.polyfit([1 / s**2 for s in range(4, 11)], squares, 2)[::-1]
    assert report["coefficients"]["here"] == pytest.approx(expected)
    assert (tmp_path / "fig02.png").exists() and (tmp_path / "fig02.csv").exists()
