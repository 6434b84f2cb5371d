import argparse

import pytest

from dlss_tf import Supersampler
from dlss_tf.errors import InputError
from dlss_tf.evaluation.evaluate import evaluate
from dlss_tf.evaluation.metrics import root_mean
from experiments._errors import at, errors, root_means


@pytest.fixture
def arguments(tiny_data, tiny_run, tmp_path):
    images = {"data": [tiny_data], "split": "test", "size": 64, "limit": 2}
    return argparse.Namespace(weights=tiny_run, out=str(tmp_path), **images)


def test_they_are_those_of_evaluate(arguments, tiny_run, tmp_path):
    found = errors("any", arguments, Supersampler(tiny_run), (4, 5))
    report = evaluate(tiny_run, arguments.data, factors=(4, 5), size=64, limit=2, results=str(tmp_path))
    for name, coverages in report["per_image"].items():
        assert found[name] == {coverage: each["dlss"] for coverage, each in coverages.items()}
    summary = root_means(found, (4, 5))
    assert summary == {coverage: each["dlss"] for coverage, each in report["coverages"].items()}
    assert at(found, 5) == [each["1/25"] for each in found.values()]


def test_factors_that_a_one_stage_generator_does_not_take(arguments, tiny_one_stage_run):
    with pytest.raises(InputError, match="the only one"):
        errors("any", arguments, Supersampler(tiny_one_stage_run), (5, 6))


def test_table_3_and_the_noise_floor_have_them_too(made, arguments, tiny_run):
    found = at(errors("any", argparse.Namespace(**{**vars(arguments), "limit": None}), Supersampler(tiny_run), (5,)), 5)
    assert made("table3")["inputs"]["float32"]["mean"] == root_mean(found)
    assert [each["mse"] for each in made("noise_floor")["per_image"].values()] == found
