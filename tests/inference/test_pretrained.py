"""The pretrained generator on scans whose image a physicist can tell beforehand."""

import numpy as np
import pytest

from dlss_tf import Supersampler, lattice

N = 64  # samples a side
FACTORS = (2, 5, 12)
BEYOND = 0.1001  # of the samples' range, that images leave it by at most


@pytest.fixture(scope="module")
def supersampler(runtime):
    return Supersampler(runtime=runtime)


@pytest.mark.parametrize("factor", FACTORS)
def test_a_constant_scan_stays(supersampler, factor):
    np.testing.assert_array_equal(supersampler(np.full((N, N), 3.7), factor), np.float32(3.7))


@pytest.mark.parametrize("factor", FACTORS)
def test_a_checkerboard_keeps_its_phase_and_mean(supersampler, factor):
    """The finest pattern there is, at less contrast, since training targets are blurred."""
    scan = np.indices((N, N)).sum(0) % 2.0
    image = supersampler(scan, factor)
    assert np.corrcoef(lattice.downsample(image, factor).ravel(), scan.ravel())[0, 1] > 0.95
    assert abs(image.mean() - 0.5) < 0.1
    assert -BEYOND <= image.min() < image.max() <= 1 + BEYOND


@pytest.mark.parametrize("factor", FACTORS)
def test_a_single_bright_sample_is_a_spot_where_it_is(supersampler, factor):
    scan = np.zeros((N, N))
    scan[30, 33] = 1
    image = supersampler(scan, factor, keep_outliers=True)
    assert np.unravel_index(image.argmax(), image.shape) == (30 * factor, 33 * factor)
    assert image.max() > 0.1
    assert image.min() > -0.1
    image[26 * factor : 35 * factor, 29 * factor : 38 * factor] = 0
    assert abs(image).max() < 0.03


@pytest.mark.parametrize("factor", FACTORS)
def test_a_step_edge_stays_in_its_place_and_flat_beside_it(supersampler, factor):
    scan = np.zeros((N, N))
    scan[:, 32:] = 1
    image = supersampler(scan, factor)[8 * factor : -8 * factor]
    near = np.arange(26 * factor, 38 * factor)
    for row in image[:: 8 * factor]:
        assert abs(np.interp(0.5, row[near], near) / factor - 31.5) < 0.15  # samples
    assert abs(image[:, 8 * factor : 27 * factor]).max() < 0.03
    assert abs(image[:, 37 * factor : -8 * factor] - 1).max() < 0.03
    assert -BEYOND <= image.min() < image.max() <= 1 + BEYOND


@pytest.mark.parametrize("factor", FACTORS)
def test_noise_alone_is_flattened(supersampler, rng, factor):
    scan = rng.normal(0.5, 0.1, (N, N))
    image = supersampler(scan, factor)
    assert image.std() < 0.3 * scan.std()
    assert abs(image.mean() - scan.mean()) < 0.01
