import numpy as np
import pytest

from dlss_tf import lattice
from dlss_tf.inference import outliers
from dlss_tf.simulation.crop import simulate_crop


def waves(rng, side=96):
    """A fine pattern on a high offset, with noise."""
    y, x = np.mgrid[:side, :side]
    return (20000 + 200 * np.sin(x / 1.8) * np.sin(y / 1.55) + rng.normal(0, 15, (side, side))).astype(np.float32)


def atoms(rng, side=64, width=0.4, peak=60.0, background=1.0):
    """Counts of sparse single atoms, narrower than the distance of samples."""
    y, x = np.mgrid[:side, :side]
    image = np.full((side, side), background)
    for row, column in rng.uniform(0, side, (12, 2)):
        image += peak * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * width**2))
    return rng.poisson(image).astype(np.float32)


def counts(rng, side=64):
    return rng.poisson(0.8, (side, side)).astype(np.float32)


def outliers_of(scan):
    found, unscanned = outliers.find(scan)
    assert not (found & unscanned).any() and not unscanned.any()
    return found


@pytest.mark.parametrize("value", [0, 65535, 23000, 1e30, -1e30])
@pytest.mark.parametrize("side", [16, 96])
@pytest.mark.parametrize("count", [1, 2])
def test_samples_stuck_at_a_value_are_found(rng, side, value, count):
    scan = waves(rng, side) if value != 23000 or side == 96 else np.round(waves(rng, side) / 10)
    places = rng.choice(scan.size, count, replace=False)
    scan.ravel()[places] = value
    assert np.flatnonzero(outliers_of(scan)).tolist() == sorted(places)


@pytest.mark.parametrize("make", [waves, atoms, counts])
def test_hot_and_dead_samples_of_a_scan_are_found_together(rng, make):
    scan = make(rng, 128).astype(np.float32)
    places = rng.choice(scan.size, 2 * scan.size // 1000, replace=False)
    expected = np.zeros(scan.shape, bool)
    expected.ravel()[places] = True
    scan.ravel()[places[::2]] = 65535
    scan.ravel()[places[1::2]] = -30000
    np.testing.assert_array_equal(outliers_of(scan), expected)
    np.testing.assert_array_equal(outliers_of(-scan), expected)
    np.testing.assert_array_equal(outliers_of(scan * np.float32(1e-12)), expected)


def test_streaks_of_cosmic_rays_are_found(rng):
    scan = waves(rng)
    scan[10, 20:24] += [40000, 30000, 9000, 9000]
    scan[60:63, 50] = 65535
    scan[[70, 71], [80, 81]] = 50000
    found = outliers_of(scan)
    assert found.sum() == 9 and found[10, 20:24].all() and found[60:63, 50].all()


def test_hot_samples_of_any_brightness_are_found_where_some_are_brighter_than_anything_is(rng):
    scan = waves(rng)
    places = rng.choice(scan.size, 40, replace=False)
    scan.ravel()[places] += np.linspace(0, 60000, 40)
    found = outliers_of(scan)
    assert found.sum() > 35 and np.isin(np.flatnonzero(found), places).all()


@pytest.mark.parametrize("value", [0, 65535])
def test_lines_that_were_never_scanned_are_found(rng, value):
    for part in (np.s_[60:], np.s_[5:], np.s_[:3], np.s_[:, :20], np.s_[:, 90:], np.s_[40:41], np.s_[-1, 50:]):
        scan = waves(rng)
        scan[part] = value
        scan[2, 30], scan[3, 40] = np.nan, np.inf
        found, unscanned = outliers.find(scan)
        assert not found.any()
        np.testing.assert_array_equal(unscanned, scan == value)


def test_a_scan_stopped_within_a_line_with_hot_and_dead_samples(rng):
    scan = waves(rng)
    scan[71:], scan[70, 40:] = 0, 0
    expected = scan == 0
    scan[12, 30], scan[20, 8] = 65535, -5000
    found, unscanned = outliers.find(scan)
    assert np.argwhere(found).tolist() == [[12, 30], [20, 8]]
    np.testing.assert_array_equal(unscanned, expected)


def test_lines_on_both_sides_were_not_scanned(rng):
    scan = waves(rng)
    scan[:4], scan[:, -3:] = 0, 65535
    found, unscanned = outliers.find(scan)
    assert not found.any()
    np.testing.assert_array_equal(unscanned, (scan == 0) | (scan == 65535))


def test_nothing_is_found_in_simulated_scans():
    for seed in range(40):
        image = simulate_crop(np.random.default_rng(seed), 256)
        for factor in (1, 4, 7, 10):
            scan = lattice.downsample(image, factor) if factor > 1 else image
            assert not np.any(outliers.find(scan)) and not np.any(outliers.find(-scan)), (seed, factor)


def test_nothing_is_found_in_scans_that_look_like_it(rng):
    y, x = np.mgrid[:64, :64]
    particle = (np.hypot(y - 30, x - 40) < 12).astype(np.float32)
    columns = np.exp(-8 * (np.sin(x / 1.7) ** 2 + np.sin(y / 2.1) ** 2)).astype(np.float32)
    scans = {
        "single atoms": atoms(rng),
        "resolved atoms": atoms(rng, width=1.2, peak=300),
        "few counts": counts(rng),
        "hardly any counts": rng.poisson(0.01, (64, 64)),
        "one electron": np.eye(1, 4096, 77).reshape(64, 64),
        "a particle in vacuum": rng.poisson(100 * particle),
        "a particle in nothing": particle,
        "columns": columns,
        "columns with noise": columns + rng.normal(0, 0.02, (64, 64)),
        "an edge": np.where(y > 30, 200, 0) + rng.normal(0, 60, (64, 64)).clip(0),
        "a bright particle": rng.poisson(5, (64, 64)) + 3000 * (np.hypot(y - 30, x - 40) < 3),
        "a ramp": x + 0.0 * y,
        "one value": np.full((64, 64), 7.0),
        "all NaN": np.full((64, 64), np.nan),
        "a diagonal": np.eye(64),
        "small": rng.random((3, 3)),
        "a line": rng.random((1, 64)),
        "a sample": np.ones((1, 1)),
    }
    for name, scan in scans.items():
        for each in (scan, -scan, scan * 1e-12):
            assert not np.any(outliers.find(np.asarray(each, np.float32))), name
