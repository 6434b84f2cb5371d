import numpy as np
import pytest

from dlss_tf import lattice
from dlss_tf.config import preset
from dlss_tf.inference.passes import Passes

CONFIG = preset("quick", "scan-grid")


def twice(images, factor):
    """Instead of a generator: its image, and twice that."""
    return np.concatenate([images, 2 * images], 3)


@pytest.mark.parametrize(("shape", "factor"), [((3, 9, 13), 4), ((2, 130, 20), 5)])
def test_every_image_of_every_scan_comes_whole(rng, shape, factor):
    scans, calls = rng.random(shape).astype(np.float32), []
    passes = Passes(CONFIG, twice, 512)
    size = [side * factor for side in shape[1:]]
    images = passes(scans, size, factor, (0, 0), lambda: calls.append(1))
    infilled = lattice.infill(scans, size, factor, (0, 0))
    np.testing.assert_allclose(images, np.stack([infilled, 2 * infilled], 3), rtol=1e-5)
    assert len(calls) == passes.count(len(scans), size, factor)
