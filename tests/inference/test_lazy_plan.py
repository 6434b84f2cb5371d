import numpy as np
import pytest

from dlss_tf import lattice
from dlss_tf.inference.ensemble import WAYS, back, turned

pytest.importorskip("dask.array")

from dlss_tf.inference import lazy_plan  # noqa: E402

JOB = lazy_plan.Job(None, "onnx", 0, tile=512, step=32, factor=5)
SHAPE = (150, 133)
SIZE = (750, 665)


@pytest.mark.parametrize("way", WAYS)
def test_tiles_share_every_pixel_and_know_its_sample(way):
    """Each filled by its nearest sample, the tiles of a turned scan are together the whole, turned back."""
    scan = np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE)
    image = np.zeros(SIZE)
    tiles = lazy_plan.plan(JOB, SHAPE, SIZE, way)
    for tile in tiles:
        (top, bottom), (left, right) = tile.context
        context = turned(scan[top:bottom, left:right], way)
        filled = context[np.ix_(tile.row.index[tile.row.keep], tile.column.index[tile.column.keep])]
        (top, bottom), (left, right) = tile.kept
        image[top:bottom, left:right] += back(filled * np.outer(tile.row.share, tile.column.share), way)
    first = tiles[0].first
    size = turned(np.empty(SIZE), way).shape
    np.testing.assert_allclose(image, back(lattice.infill(turned(scan, way), size, 5, first), way), rtol=1e-5)


def test_pieces_under_a_span():
    assert lazy_plan.under([(0, 4), (4, 8), (8, 9)], (5, 9)) == [
        (1, slice(0, 3), slice(1, 4)),
        (2, slice(3, 4), slice(0, 1)),
    ]
    assert lazy_plan.under([(0, 4)], (4, 6)) == []


@pytest.mark.parametrize(("size", "chunks"), [(750, (240, 240, 240, 30)), (480, (240, 240)), (100, (100,))])
def test_chunks_are_of_whole_samples_and_halve_three_times(size, chunks):
    assert lazy_plan.regular(size, JOB) == chunks
