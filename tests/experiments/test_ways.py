import numpy as np
import pytest

from dlss_tf import Supersampler, lattice
from dlss_tf.evaluation.images import blurred
from dlss_tf.evaluation.metrics import mse
from dlss_tf.evaluation.ways import WAYS
from experiments.ways import errors, times


def test_errors_and_seconds_of_each_way(tiny_run, rng):
    supersampler, crop = Supersampler(tiny_run), rng.random((64, 64), np.float32)
    found, seconds = errors(supersampler, crop, 4)
    one = supersampler(lattice.downsample(crop, 4), 4)
    assert list(found) == list(seconds) == list(WAYS)
    assert found["dlss"] == pytest.approx(mse(one, blurred(crop)), rel=1e-3)
    assert 0 < seconds["dlss"] < seconds["dlss_refined"]
    assert seconds["dlss"] < seconds["dlss_ensemble"] < seconds["dlss_ensemble_refined"]


def test_times_are_over_one_pass_s_of_the_same_image():
    slow = dict(zip(WAYS, (2.0, 2.2, 16.0, 16.2)))
    quick = {name: each / 2 for name, each in slow.items()}
    found = times({"a": {"1/16": slow}, "b": {"1/16": quick}, "c": {"1/16": {**slow, "dlss_refined": 20.0}}})
    assert found == {
        "1/16": pytest.approx({"dlss": 1, "dlss_refined": 1.1, "dlss_ensemble": 8, "dlss_ensemble_refined": 8.1})
    }


def test_generators_stand_beside_one_another_by_class(
    made, tiny_run, tiny_scan_grid_run, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr("experiments.ways.TABLE_2_FACTORS", (4, 5))
    weights = ["--weights", tiny_run, "--weights", tiny_scan_grid_run]
    report = made("ways", *weights, "--limit", "2", "--class", "first=00000*", generator=False)
    everything, first = report["classes"]["all"], report["classes"]["first"]
    assert (everything["images"], first["images"]) == (2, 1)
    assert list(everything["generators"]) == list(report["times"]) == ["tiny-run", "tiny-scan-grid-run"]
    rows = [line.split(",") for line in (tmp_path / "ways.csv").read_text().splitlines()[1:]]
    assert len(rows) == 2 * 2 * 2 * len(WAYS)
    assert [row[-1] for row in rows if row[2:4] == ["tiny-run", "dlss"]] == ["1.0"] * 4
    shown = capsys.readouterr().out
    assert shown.count("DLSS, ensemble, refined") == 6 and "time of one pass" in shown
