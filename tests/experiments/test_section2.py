import pytest

from dlss_tf.evaluation.images import blurred
from dlss_tf.evaluation.metrics import mse
from dlss_tf.inference.deconvolution import adam
from experiments.section2 import errors


def test_errors_are_those_that_section_ii_prints(rng):
    truth = rng.random((32, 32), "float32")
    found, soft = errors(truth), blurred(truth)
    assert found["before"] == pytest.approx(mse(soft, truth))
    assert found["error"] == pytest.approx(mse(adam(soft[None])[0], truth))
    assert found["residual"] < 0.01 * found["error"] < 0.01 * found["before"]


def test_means_are_beside_the_papers(made):
    report = made("section2", "--limit", "2", generator=False)
    assert report["images"] == 2 and report["split"] == "train"
    assert report["mean"]["before"] > report["mean"]["residual"] > 0
    assert report["paper"]["residual"] == 6.28e-8
