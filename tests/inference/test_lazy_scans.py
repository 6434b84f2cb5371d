import numpy as np
import pytest

from dlss_tf.inference import defects

da = pytest.importorskip("dask.array")

from dlss_tf.inference import lazy_scans  # noqa: E402


@pytest.mark.parametrize("chunks", [(1, 64, 60), (2, 20, 30)])
def test_outliers_are_those_of_the_whole_scan(rng, chunks):
    scans = rng.normal(20000, 30, (2, 64, 60)).astype(np.float32)
    scans[0, 7, 9], scans[1, 50:] = 65535, 0
    array = da.from_array(scans, chunks=chunks)
    cleaned = lazy_scans.cleaned(array, keep_outliers=False)
    assert cleaned.chunks == array.chunks and cleaned.dtype == np.float32
    with pytest.warns(UserWarning) as warned:
        found = cleaned.compute()
    np.testing.assert_array_equal(found, defects.cleaned(scans)[0])
    assert {str(warning.message).partition(";")[0] for warning in warned} == {
        "scan: 1 of 3840 samples are outliers, far from all others",
        "scan: 840 of 3840 samples were not scanned",
    }
    np.testing.assert_array_equal(lazy_scans.cleaned(array, keep_outliers=True).compute(), scans)


def test_ranges_are_of_finite_values(rng):
    scans = rng.random((2, 3, 8, 9)).astype(np.float32)
    scans[0, 1, 2, 3], scans[1, 2] = np.inf, np.nan
    low, high = (each.compute() for each in lazy_scans.ranges_of(da.from_array(scans, chunks=(1, 2, 5, 9))))
    assert low.shape == high.shape == (2, 3, 1, 1)
    assert low[0, 1] == scans[0, 1].min() and high[0, 0] == scans[0, 0].max() and low[1, 2] > high[1, 2]


def test_a_frame_is_a_chunk():
    assert lazy_scans.singles(da.zeros((2, 3, 8, 9), chunks=4)) == ((1, 1), (1, 1, 1))
