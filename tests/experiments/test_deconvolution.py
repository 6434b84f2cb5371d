import numpy as np
import pytest

from dlss_tf.evaluation.images import blurred
from dlss_tf.evaluation.metrics import mse
from experiments.deconvolution import BLURRED, MEASURES, METHODS, TRUTH, as_published, compare, errors, print_table


def test_deblurring_a_blurred_image_lowers_its_error(rng, capsys):
    truth = rng.random((32, 32), np.float32)
    report = {BLURRED: compare([(blurred(truth), truth)])}
    assert report[BLURRED][TRUTH]["before"] == errors(blurred(truth), truth)[0]
    assert all(report[BLURRED][TRUTH][method][0] < 0 and report[BLURRED][TRUTH][method][1] == 1 for method in METHODS)
    print_table(report, TRUTH)
    assert "| wiener 0.1 | -" in capsys.readouterr().out


def test_errors_of_an_image_without_any():
    truth = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    assert errors(truth, truth)[0] == 0
    assert len(errors(truth, truth, METHODS["wiener 0.1"])) == len(MEASURES)


def test_residual_and_errors_as_section_ii_has_them(rng):
    truth = rng.random((32, 32), np.float32)
    found = as_published([truth, truth])
    soft = blurred(truth)
    assert found["before"]["here"] == pytest.approx(mse(soft, truth))
    assert found["error"]["here"] == pytest.approx(mse(METHODS["adam"](soft), truth))
    assert found["residual"]["here"] < 0.01 * found["error"]["here"] < found["before"]["here"]
    assert [found[name]["paper"] for name in ("residual", "error", "before")] == [6.28e-8, None, 3.03e-3]
