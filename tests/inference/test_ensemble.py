import numpy as np
import pytest

from dlss_tf import lattice
from dlss_tf.inference import ensemble

SIZE, FACTOR = (38, 53), 5


@pytest.fixture
def scan(rng):
    """Of an image whose samples begin on its third row and second column, and end before its last ones."""
    return rng.random((2, 7, 11))


def test_turning_back_undoes_turning(scan):
    orientations = [ensemble.turned(scan, way) for way in ensemble.WAYS]
    assert len({orientation.tobytes() for orientation in orientations}) == ensemble.MEMBERS
    for way, orientation in zip(ensemble.WAYS, orientations):
        np.testing.assert_array_equal(ensemble.back(orientation, way), scan)


@pytest.mark.parametrize("way", ensemble.WAYS)
def test_the_lattice_of_a_turned_scan_is_where_its_samples_are_in_the_turned_image(rng, way):
    image, first = rng.random(SIZE), (2, 1)
    rows, columns = (lattice.positions(size, FACTOR, start) for size, start in zip(SIZE, first))
    scan = image[np.ix_(rows, columns)]
    size, first = ensemble.turned_lattice(scan.shape, SIZE, FACTOR, first, way)
    turned = ensemble.turned(image, way)
    assert turned.shape == size
    rows, columns = (lattice.positions(size, FACTOR, start) for size, start in zip(size, first))
    np.testing.assert_array_equal(turned[np.ix_(rows, columns)][: scan.shape[way[0] % 2]], ensemble.turned(scan, way))


def test_members_that_agree_have_no_spread():
    """As those of an interpolation do."""
    scan = np.random.default_rng(1).random((2, 8, 11)).astype(np.float32)

    def run(scan, size, first):
        return lattice.bicubic(scan, size, FACTOR, first)

    mean, spread = ensemble.ensemble(run, scan, SIZE, FACTOR, (2, 1))
    np.testing.assert_allclose(mean, run(scan, SIZE, (2, 1)), atol=1e-6)
    assert spread.max() < 1e-6


def test_mean_and_standard_deviation():
    values = iter(np.arange(8.0))
    mean, spread = ensemble.ensemble(
        lambda _, size, __: np.full((1, *size), next(values)), np.ones((1, 2, 3)), (4, 6), 2
    )
    np.testing.assert_allclose(mean, np.full((1, 4, 6), 3.5))
    np.testing.assert_allclose(spread, np.std(np.arange(8.0)), rtol=1e-6)
