import numpy as np

from dlss_tf.evaluation.images import blurred
from experiments.deconvolution import BLURRED, MEASURES, METHODS, TRUTH, compare, errors, print_table


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
