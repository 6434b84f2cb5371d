import numpy as np

from experiments.fig04 import distribution


def test_bins_and_tail():
    found = distribution([0.0, 1e-5, 2e-4, 0.0124999, 0.0126, 3.0])
    assert found["images"] == 6 and found["tail"] == 2
    assert len(found["counts"]) == 100 and np.flatnonzero(found["counts"]).tolist() == [0, 1, 99]
    assert found["counts"][0] == 2


def test_unified_and_individual(made, tmp_path, tiny_one_stage_run):
    report = made("fig04", "--individual", tiny_one_stage_run)
    assert list(report["unified"]) == ["1/16", "1/25", "1/36", "1/64", "1/100"]
    assert list(report["individual"]) == ["1/25"]
    for each in (*report["unified"].values(), *report["individual"].values()):
        assert each["images"] == 3 == sum(each["counts"]) + each["tail"]
    assert report["paper"]["tail"]["individual"]["1/64"] == 631
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fig04.json", "fig04.png"]


def test_one_alone(made):
    assert "individual" not in made("fig04", "--limit", "1")
