import numpy as np

from dlss_tf import Supersampler, lattice
from dlss_tf.evaluation import ways


def test_each_way_is_what_the_supersampler_makes(tiny_run, rng):
    """On sides that are multiples of the factor, where its lattice is the scan's."""
    supersampler = Supersampler(tiny_run)
    scan, calls = rng.random((16, 20), np.float32), []
    made = dict(ways.images(supersampler, scan, (64, 80), 4, lambda: calls.append(1)))
    assert list(made) == list(ways.WAYS) and len(calls) == 8
    for way, image in made.items():
        np.testing.assert_allclose(image, supersampler(scan, 4, ways.WAYS[way]), atol=1e-5, err_msg=way)


def test_on_the_lattice_of_any_size(tiny_scan_grid_run, rng):
    """A flipped image's ways are the flipped ones, but for one pass's, on a lattice that has more px on one side."""
    supersampler = Supersampler(tiny_scan_grid_run)
    size = (63, 66)  # offsets 1 and 0 at factor 5, last samples on the px before the last and on the last
    scan = lattice.downsample(rng.random(size, np.float32), 5)
    made = dict(ways.images(supersampler, scan, size, 5))
    assert all(image.shape == size for image in made.values())
    assert np.abs(made["dlss_ensemble"] - made["dlss"]).max() < 0.5 * np.ptp(scan)
