import os

import numpy as np
import pytest

from dlss_tf import lattice
from dlss_tf.config import RULES, Config
from dlss_tf.errors import InputError
from dlss_tf.evaluation import fit_p as module
from dlss_tf.evaluation.fit_p import fit_p, fit_quadratic, format_fit
from dlss_tf.training.trainer import train


def test_quadratic_is_the_least_squares_one():
    exact = {1 / s**2: lattice.p_raw(1 / s**2) for s in (4, 5, 6, 8, 10)}
    assert fit_quadratic(exact) == pytest.approx(lattice.EQUATION_1, rel=1e-9)
    noisy = {c: error * (1.1 if i % 2 else 0.9) for i, (c, error) in enumerate(exact.items())}
    np.testing.assert_allclose(fit_quadratic(noisy), np.polyfit(list(noisy), list(noisy.values()), 2)[::-1], rtol=1e-8)
    with pytest.raises(InputError, match="at least three coverages to fit a quadratic, found 2"):
        fit_quadratic({0.1: 1.0, 0.2: 2.0})


def test_a_unified_run_is_measured_at_each_coverage_and_the_fit_trains_another(
    tiny_run, tiny_data, tmp_path, monkeypatch
):
    run = str(tmp_path / "fitted")
    measured = {s: 1e-3 + 1e-2 / s for s in range(4, 11)}
    monkeypatch.setattr(module, "mse", lambda output, target: measured[next(order)])
    order = iter([s for _ in range(4) for s in range(4, 11)])  # 4 validation crops
    config, errors = fit_p([tiny_run], [tiny_data], run, size=64)
    assert errors == pytest.approx(measured)
    assert os.listdir(run) == ["config.json"]
    assert Config.load(os.path.join(run, "config.json")) == config
    fitted = [lattice.p_raw(1 / s**2, config.p_coefficients) for s in measured]
    np.testing.assert_allclose(fitted, list(measured.values()), rtol=0.02)
    assert "1/49" in format_fit(config, errors)
    assert train(config, run, resume=True, stop_at=2) == "stopped"


def test_generators_of_an_earlier_edition_give_a_run_of_this_one(
    tiny_run, tiny_data, as_first_edition, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "_mean_errors", lambda *_: {s: lattice.p_raw(1 / s**2) for s in range(4, 11)})
    config, _ = fit_p([as_first_edition(tiny_run)], [tiny_data], str(tmp_path / "fitted"), size=64)
    assert config.rules == Config.load(str(tmp_path / "fitted" / "config.json")).rules == RULES


def test_errors_are_those_of_outputs_against_what_was_trained_towards(tiny_run, tiny_data, tmp_path):
    from dlss_tf.evaluation.evaluate import evaluate

    _, errors = fit_p([tiny_run], [tiny_data], str(tmp_path / "fitted"), size=64)
    report = evaluate(tiny_run, [tiny_data], split="val", size=64, factors=(4, 7), results=str(tmp_path / "results"))
    for s in (4, 7):
        assert errors[s] == pytest.approx(report["coverages"][f"1/{s**2}"]["dlss"]["mean"] ** 2, rel=1e-5)


def test_refuses_one_stage_generators_and_a_run_that_exists(tiny_run, tiny_one_stage_run, tiny_data, tmp_path):
    with pytest.raises(InputError, match="expected two-stage generators"):
        fit_p([tiny_one_stage_run], [tiny_data], str(tmp_path / "run"), size=64)
    with pytest.raises(InputError, match="expected a new one to write the fit into, found a run"):
        fit_p([tiny_run], [tiny_data], tiny_run, size=64)
    assert os.listdir(tmp_path) == []
