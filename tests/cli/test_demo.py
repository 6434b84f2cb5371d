import os

import numpy as np
import pytest

from dlss_tf import cli, micrograph
from dlss_tf.cli import demo
from dlss_tf.cli.exits import USAGE
from dlss_tf.simulation.dataset import DEMO


def test_the_scan_that_ships_is_that_of_the_simulator():
    from tools import demo_scan

    scan = micrograph.read(DEMO)
    crop = demo_scan.simulate_crop(np.random.default_rng([0, 2, demo_scan.NUMBER]), demo_scan.SIDE)
    ours = demo_scan.COUNTS * demo_scan.lattice.downsample(crop, 5)
    others = np.abs(scan.data - ours) > 0.51  # another NumPy may draw some of the noise otherwise
    assert np.mean(others) < 0.01
    assert scan.describe() == "103x103 px of 0.05 nm" and scan.title == "simulated crystal"
    assert os.path.getsize(DEMO) < 30_000


def test_from_nothing_to_a_picture_and_again(tiny_scan_grid_run, tmp_path, capsys, monkeypatch):
    pytest.importorskip("PIL")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "FACTOR", 4)
    monkeypatch.setattr(demo, "HOW", ("--overwrite",))
    for _ in range(2):
        assert cli.main(["demo", "--weights", tiny_scan_grid_run]) == 0
    printed = capsys.readouterr().out
    command = f"dlss-tf supersample demo/scan.tif --factor 4 --overwrite --weights {tiny_scan_grid_run}"
    assert printed.startswith(f"{command}\n") and "Look at demo/scan-x4-preview.png: " in printed
    assert "\nWhere it came from: dlss-tf info demo/scan-x4.tif\n" in printed
    assert sorted(os.listdir("demo")) == ["scan-x4-preview.png", "scan-x4.tif", "scan.tif"]
    assert micrograph.read("demo/scan-x4.tif").describe() == "412x412 px of 0.0125 nm"


def test_another_scan_of_its_name_stays(tmp_path, capsys):
    (tmp_path / "scan.tif").write_text("precious")
    assert cli.main(["demo", "--out", str(tmp_path)]) == USAGE
    assert "scan.tif: expected the demo's scan or none, found another; give another --out" in capsys.readouterr().err
    assert (tmp_path / "scan.tif").read_text() == "precious" and os.listdir(tmp_path) == ["scan.tif"]


def test_a_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert cli.main(["demo", "--out", str(tmp_path / "file")]) == USAGE
    assert "--out " in capsys.readouterr().err
