import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.inference import scaling
from dlss_tf.serving import filling


def test_finite_scans_stay_as_they_are(rng):
    scans = rng.random((2, 5, 6)).astype(np.float32)
    np.testing.assert_array_equal(filling.fill_non_finite(scans), scans)


@pytest.mark.parametrize("part", [np.s_[12:], np.s_[:, :30], np.s_[4:9, 4:40], np.s_[1:-1, 1:-1]])
def test_arrays_are_filled_as_tensors_are(rng, part):
    scans = rng.normal(500, 20, (2, 20, 50)).astype(np.float32)
    scans[1][part] = np.nan
    scans[1][rng.random((20, 50)) < 0.2] = np.inf
    np.testing.assert_allclose(scaling.finite(scans), filling.fill_non_finite(scans), rtol=1e-6)


def test_tensors_are_scaled_as_arrays_are(rng):
    scans = np.stack([rng.normal(500, 20, (4, 5)), np.full((4, 5), 7.25)]).astype(np.float32)
    limits, arrays = filling.limits(tf.constant(scans)), scaling.limits(scans)
    np.testing.assert_array_equal(np.stack(limits), np.stack(arrays))
    unit = scaling.to_unit(tf.constant(scans), *limits, tf.where)
    np.testing.assert_array_equal(unit, scaling.to_unit(scans, *arrays))
    np.testing.assert_array_equal(scaling.from_unit(unit, *limits, tf.where), scaling.from_unit(unit.numpy(), *arrays))
