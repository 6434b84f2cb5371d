import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.inference import defects


def test_finite_scans_stay_as_they_are(rng):
    scan = rng.random((5, 6))
    assert defects.fill_non_finite(scan) is scan


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_sample_becomes_the_mean_of_its_neighbours(rng, bad):
    scan = rng.random((5, 6)) * 1000 + 5000
    expected = np.delete(scan[1:4, 2:5].ravel(), 4).mean()
    scan[2, 3] = bad
    filled = defects.fill_non_finite(scan)
    assert filled[2, 3] == pytest.approx(expected)
    scan[2, 3] = filled[2, 3]
    np.testing.assert_array_equal(filled, scan)


def test_a_dead_region_is_filled_from_its_rim():
    scan = np.full((9, 9), 4.0)
    scan[:, 1:] = np.nan
    np.testing.assert_allclose(defects.fill_non_finite(scan), 4)


def test_refuses_a_scan_without_a_finite_value():
    with pytest.raises(InputError, match="scan: expected finite values, found none"):
        defects.fill_non_finite(np.full((3, 3), np.nan))


def test_saturated_samples_pile_up_at_the_top(rng):
    image = rng.normal(100, 20, (64, 64))
    assert defects.saturated(np.minimum(image, 120)) == np.count_nonzero(image >= 120)
    assert defects.saturated(np.minimum(image, 120).astype(np.uint8)) == np.count_nonzero(image >= 120)


def test_what_is_not_saturated(rng):
    assert defects.saturated(rng.normal(size=(64, 64))) == 0
    assert defects.saturated(rng.poisson(3, (64, 64))) == 0
    assert defects.saturated(np.ones((8, 8))) == 0
    assert defects.saturated(np.full((4, 4), np.nan)) == 0


def test_report_names_each_kind_of_defect(rng):
    scan = np.minimum(rng.normal(100, 20, (20, 20)), 120)
    scan[0, :2] = np.nan
    sentences = defects.report(scan)
    assert sentences[0].startswith("2 of 400 samples are not finite")
    assert "of 400 samples are saturated" in sentences[1]
    assert defects.report(rng.random((4, 4))) == []
