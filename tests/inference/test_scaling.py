import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.inference import scaling


def test_finite_scans_stay_as_they_are(rng):
    scans = rng.random((2, 5, 6)).astype(np.float32)
    assert scaling.finite(scans) is scans


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_sample_becomes_the_mean_of_its_neighbours(rng, bad):
    scans = (rng.random((2, 5, 6)) * 1000 + 5000).astype(np.float32)
    expected = np.delete(scans[1, 1:4, 2:5].ravel(), 4).mean()
    scans[1, 2, 3] = bad
    filled = scaling.finite(scans)
    assert filled[1, 2, 3] == pytest.approx(expected)
    scans[1, 2, 3] = filled[1, 2, 3]
    np.testing.assert_array_equal(filled, scans)


def test_a_dead_region_is_filled_from_its_rim():
    scan = np.full((1, 9, 9), 4.0)
    scan[..., 1:] = np.nan
    np.testing.assert_allclose(scaling.finite(scan), 4)


def test_refuses_a_scan_without_a_finite_value(rng):
    with pytest.raises(InputError, match="scan: expected finite values, found none"):
        scaling.finite(np.stack([rng.random((3, 3)), np.full((3, 3), np.nan)]))


@pytest.mark.parametrize("span", [1e-30, 1e-12, 1.0, 1e12])
@pytest.mark.parametrize("offset", [0.0, -0.5, 100.0])
def test_there_and_back(rng, span, offset):
    scans = ((rng.random((2, 8, 8)) + offset) * span).astype(np.float32)
    low, high = scaling.limits(scans)
    unit = scaling.to_unit(scans, low, high)
    assert unit.min() == 0 and unit.max() == 1
    np.testing.assert_allclose(scaling.from_unit(unit, low, high), scans, rtol=1e-6, atol=1e-5 * span)


def test_one_value_gives_0_and_comes_back():
    scans = np.full((1, 4, 4), 7.25, np.float32)
    low, high = scaling.limits(scans)
    np.testing.assert_array_equal(scaling.to_unit(scans, low, high), 0)
    np.testing.assert_array_equal(scaling.from_unit(np.full((1, 9, 9), 0.3, np.float32), low, high), 7.25)
