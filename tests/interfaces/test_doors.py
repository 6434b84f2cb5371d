"""A scan comes out alike through every door, whatever its units: one rule scales it (inference/scaling.py)."""

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import Supersampler, lattice
from dlss_tf.errors import InputError
from dlss_tf.evaluation.check import check
from dlss_tf.evaluation.ways import WAYS
from dlss_tf.interfaces.napari import compute
from dlss_tf.serving.export import export

FACTOR, SAMPLES = 4, 16  # so that the exported model's lattice on 64 px begins at px 0, as a Supersampler's does

SCANS = {
    "amperes": (1e-12, 0.0),
    "amperes above a dark current": (1e-12, 5e-12),
    "one": (1.0, 0.0),
    "counts above an offset": (3e3, 2e5),
    "below zero": (2e-3, -1.0),
    "large": (1e12, -3e11),
}


@pytest.fixture(scope="module")
def supersampler(tiny_run, runtime):
    return Supersampler(tiny_run, runtime=runtime)


@pytest.fixture(scope="module")
def served(tiny_run, tmp_path_factory):
    return tf.saved_model.load(export(tiny_run, str(tmp_path_factory.mktemp("served")), 64))


@pytest.fixture(scope="module")
def doors(tiny_run, served, runtime):
    """By name, functions that supersample scan [16, 16] by 4."""
    da = pytest.importorskip("dask.array")
    from dlss_tf.inference.lazy import supersample_lazily as lazily

    def through_the_saved_model(scan):
        return served.signatures["supersample"](scan=tf.constant(scan[None]), factor=tf.constant(FACTOR))["image"][0]

    return {
        "Dask": lambda scan: lazily(da.from_array(scan, chunks=8), FACTOR, tiny_run, runtime=runtime).compute(),
        "SavedModel": lambda scan: through_the_saved_model(scan).numpy(),
        "napari": lambda scan: compute.supersample(scan, compute.Request(FACTOR, tiny_run)).images["image"],
    }


@pytest.fixture
def unit(rng):
    """A scan that spans [0, 1]."""
    scan = rng.random((SAMPLES, SAMPLES))
    return (scan - scan.min()) / np.ptp(scan)


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("name", SCANS)
def test_doors_agree_and_follow_the_units(supersampler, doors, unit, name, holes):
    span, offset = SCANS[name]
    scan = (unit * span + offset).astype(np.float32)
    if holes:
        scan[2:4, 5], scan[7, 7], unit[2:4, 5], unit[7, 7] = np.nan, np.inf, np.nan, np.nan
    expected = supersampler(scan, FACTOR)
    rounding = np.spacing(np.float32(abs(offset) + span)) / span
    np.testing.assert_allclose((expected - offset) / span, supersampler(unit, FACTOR), atol=1e-4 + 20 * rounding)
    assert np.isfinite(expected).all() and np.ptp(expected) > 0.1 * span
    close = {"rtol": 0, "atol": (2e-5 + rounding) * span}  # the SavedModel runs in TensorFlow, others need not
    for door, supersample in doors.items():
        np.testing.assert_allclose(supersample(scan), expected, **close, err_msg=door)


@pytest.mark.parametrize("name", SCANS)
def test_an_outlier_is_none_through_any_door_but_the_saved_model_s(supersampler, doors, unit, name):
    span, offset = SCANS[name]
    scan = (unit * span + offset).astype(np.float32)
    scan[7, 7] = np.nan
    expected = supersampler(scan, FACTOR)
    scan[7, 7] = offset + 500 * span
    for door, supersample in {**doors, "Python": lambda scan: supersampler(scan, FACTOR)}.items():
        close = 2e-5 * span + np.spacing(np.float32(abs(offset) + span))
        same = np.allclose(supersample(scan), expected, rtol=0, atol=close)
        assert same == (door != "SavedModel"), door


@pytest.mark.parametrize("value", [0.0, -7.25, 1e-12, 1e12])
def test_a_constant_scan_passes_through_every_door(supersampler, doors, value):
    scan = np.full((SAMPLES, SAMPLES), value, np.float32)
    scan[3, 3] = np.nan
    for supersample in (lambda scan: supersampler(scan, FACTOR), *doors.values()):
        np.testing.assert_array_equal(supersample(scan), np.float32(value))


def test_a_scan_without_a_finite_value_is_refused_at_every_door(supersampler, doors):
    for supersample in (lambda scan: supersampler(scan, FACTOR), *doors.values()):
        with pytest.raises((InputError, tf.errors.InvalidArgumentError), match="expected finite values"):
            supersample(np.full((SAMPLES, SAMPLES), np.nan, np.float32))
    with pytest.raises(InputError, match="expected finite values"):
        check(supersampler, np.full((64, 64), np.nan), FACTOR)


@pytest.mark.parametrize("name", SCANS)
def test_check_follows_the_units(supersampler, unit, name):
    """On an image of one value a sample, so that it has its scan's range."""
    span, offset = SCANS[name]
    image = np.kron(unit * span + offset, np.ones((FACTOR, FACTOR)))
    report, panels = check(supersampler, image, FACTOR)
    expected = supersampler((unit * span + offset).astype(np.float32), FACTOR, WAYS[report["ours"]])
    rounding = np.spacing(np.float32(abs(offset) + span)) / span
    np.testing.assert_allclose(panels.scan, lattice.infill(unit, image.shape, FACTOR), atol=1e-6 + 2 * rounding)
    np.testing.assert_allclose(panels.ours, (expected - offset) / span, atol=1e-4 + 20 * rounding)


def test_check_fills_what_is_not_finite(supersampler, unit):
    image = np.kron(unit, np.ones((FACTOR, FACTOR))) * 1e-12
    whole, _ = check(supersampler, image, FACTOR)
    image[10, 10] = np.nan
    broken, panels = check(supersampler, image, FACTOR)
    assert broken["root_mse"]["dlss"] == pytest.approx(whole["root_mse"]["dlss"], rel=0.02)
    assert all(np.isfinite(panel).all() for panel in panels)
