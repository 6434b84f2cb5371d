import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.formats import values

STEPS = np.arange(16).reshape(4, 4)


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        *[(STEPS.astype(kind), True) for kind in ("?", "u1", "i2", "f2", "f4", "i4", "u8", "f8")],
        *[(STEPS + 1e9, False), (STEPS * 1e-9 + 1.0, False), (STEPS + 10**8 + 1, False), (STEPS - 2**40 + 1, False)],
        *[(STEPS + 2.0**20, True), (STEPS + 2**23, True)],  # exact
        *[(np.full((4, 4), 0.1), True), (np.full((4, 4), np.nan), True), (np.zeros((0, 4)), True)],
        *[(np.where(STEPS == 3, np.nan, STEPS + 1e9), False), (np.where(STEPS == 3, np.inf, STEPS), True)],
        (np.float32(1e9) + STEPS.astype("f4"), True),  # whatever it has lost is lost
    ],
)
def test_what_float32_has_the_digits_for(data, fits):
    assert values.fits_float32(data) == fits


def test_an_offset_is_subtracted_first_where_there_are_no_digits_for_it():
    scans = np.stack([STEPS + 1e9, STEPS - 3e9]).astype(float)
    scans[0, 1, 1] = np.nan
    found, offset = values.in_float32(scans)
    assert found.dtype == np.float32 and offset.shape == (2, 1, 1)
    np.testing.assert_array_equal(found + offset, scans)
    found, offset = values.in_float32(STEPS + 2**60)
    np.testing.assert_array_equal(found, STEPS)
    found, offset = values.in_float32(np.stack([STEPS + 1e9, np.full((4, 4), np.nan)]))
    assert offset.ravel().tolist() == [1e9, 0] and np.isnan(found[1]).all()


def test_what_fits_is_only_cast():
    scan = np.random.default_rng(0).normal(size=(4, 4))
    found, offset = values.in_float32(scan)
    assert offset is None
    np.testing.assert_array_equal(found, scan.astype(np.float32))
    assert values.in_float32(found)[0] is found


@pytest.mark.parametrize("data", [np.eye(2) * 1j, np.array([["a"]]), np.zeros((2, 2), "O"), np.zeros(2, "M8[s]")])
def test_other_than_real_numbers(data):
    with pytest.raises(InputError, match="^scan: expected real numbers, found "):
        values.real("scan", data)


def test_masked_values_are_not_known():
    found = values.real("scan", np.ma.masked_equal(STEPS, 3))
    assert np.isnan(found[0, 3]) and np.isnan(found).sum() == 1
    assert values.real("scan", np.ma.masked_equal(STEPS, 99)).dtype == STEPS.dtype
    assert values.real("scan", [[1, 2]]).tolist() == [[1, 2]]


def test_every_image_of_a_stack_counts():
    assert not values.fits_float32(np.stack([STEPS + 1e9, STEPS - 3e9]))
    assert not values.fits_float32(np.stack([STEPS * 1e8, STEPS + 1e9]))
