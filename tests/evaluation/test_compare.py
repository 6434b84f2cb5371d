import json
import os
import subprocess
import sys

import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.evaluation.compare import compare, format_comparison


@pytest.fixture(scope="module")
def report(tiny_run, tiny_one_stage_run, tiny_data, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    generators = {"two-stage": tiny_run, "one-stage": tiny_one_stage_run}
    return compare(generators, [tiny_data], size=64, results=str(results), sheet_images=2), results


def test_writes_json_sheet_and_spectra(report):
    returned, results = report
    assert sorted(os.listdir(results)) == ["compare-spectra.png", "compare.json", "compare.png"]
    with open(results / "compare.json", encoding="utf-8") as file:
        assert json.load(file) == json.loads(json.dumps(returned))
    assert returned["images"] == 3 and returned["coverage"] == "1/25"
    assert list(returned["mean_power"]) == ["two-stage", "one-stage", "truth"]
    assert all(len(power) == 32 for power in returned["mean_power"].values())


def test_summary_is_over_the_images(report):
    returned, _ = report
    for title, summary in returned["generators"].items():
        images = [image[title] for image in returned["per_image"].values()]
        assert summary["root_mean_mse"] == pytest.approx(np.sqrt(np.mean([image["mse"] for image in images])))
        differences = [image["high_frequency_difference"] for image in images]
        assert summary["mean_high_frequency_difference"] == pytest.approx(np.mean(differences))
        assert summary["mean_absolute_high_frequency_difference"] == pytest.approx(np.mean(np.abs(differences)))
        equation_10 = np.sqrt(np.mean([image["mse_equation_10"] for image in images]))
        assert summary["root_mean_mse_equation_10"] == pytest.approx(equation_10)
        high = np.array(returned["frequency_cycles_per_px"]) >= 0.25
        ratio = np.array(returned["mean_power"][title])[high] / np.array(returned["mean_power"]["truth"])[high]
        assert summary["largest_difference_of_mean_spectra"] == pytest.approx(np.abs(np.log10(ratio)).max())
    text = format_comparison(returned)
    assert "two-stage" in text and "3 images at 1/25 px coverage" in text


def test_refuses_a_factor_that_one_of_them_does_not_take(tiny_run, tiny_one_stage_run, tiny_data, tmp_path):
    with pytest.raises(InputError, match="factor: expected 5"):
        compare({"a": tiny_run, "b": tiny_one_stage_run}, [tiny_data], factor=4, size=64, results=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_experiment_says_in_one_sentence_that_a_run_is_not_adversarial(tiny_run, tiny_data, tmp_path):
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    command = [sys.executable, "-m", "experiments.adversarial", "--weights", tiny_run, "--data", tiny_data]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert done.returncode == 2
    assert f"weights {tiny_run}: expected a generator trained adversarially, found no {tiny_run}" in done.stderr
    assert "Traceback" not in done.stderr
