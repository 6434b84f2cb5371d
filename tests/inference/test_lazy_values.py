import dask.array as da
import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.inference.lazy_values import in_float32

STEPS = np.arange(2 * 6 * 8, dtype=float).reshape(2, 6, 8)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "i4", "f8", "u8"])
def test_what_fits_is_only_cast(dtype):
    found = in_float32(da.from_array(STEPS.astype(dtype), chunks=(2, 3, 4)))
    assert found.dtype == np.float32 and found.compute().dtype == np.float32
    np.testing.assert_array_equal(found, STEPS)


def test_a_flat_part_of_a_scan_is_no_offset():
    scan = STEPS.copy()
    scan[0, :3, :4] = 90 + 1e-6 * scan[0, :3, :4]
    scan[1] = np.nan
    np.testing.assert_array_equal(in_float32(da.from_array(scan, chunks=(1, 3, 4))), scan.astype(np.float32))


@pytest.mark.parametrize(
    "scans", [STEPS + 1e10, (STEPS + 1e10).astype(int), np.where(STEPS == 3, np.nan, STEPS + 1e10)]
)
def test_offsets_that_float32_has_no_digits_for_are_refused(scans):
    with pytest.raises(InputError, match="scan: expected values that float32 tells apart, found 1000000000"):
        in_float32(da.from_array(scans, chunks=(2, 3, 4))).compute()
