import pytest

from dlss_tf import coverages
from dlss_tf.errors import InputError


def test_p_has_mean_one_over_the_trained_coverages():
    of_trained = [coverages.p(coverages.coverage(s)) for s in coverages.TRAINED_FACTORS]
    assert sum(of_trained) / len(of_trained) == pytest.approx(1)
    coefficients, factors = (0.5, 0.0, 4.0), (2, 4)  # p_raw 0.75 and 0.515625
    assert coverages.p(1 / 4, coefficients, factors) == pytest.approx(0.75 / 0.6328125)
    assert coverages.p(1 / 16, coefficients, factors) == pytest.approx(0.515625 / 0.6328125)


@pytest.mark.parametrize("factor", [0, 1, 17, 2.5, True])
def test_refuses_other_factors(factor):
    with pytest.raises(InputError, match="whole number from 2 to 16"):
        coverages.check_factor(factor)
