import numpy as np
import pytest

from dlss_tf.inference import tiles


@pytest.mark.parametrize("size", [100, 1024, 1025, 1056, 1500, 1792, 1793, 4096, 10_001])
@pytest.mark.parametrize(("tile", "step"), [(1024, 32), (512, 32), (1022, 7), (1020, 5)])
def test_spans_cover_an_axis(size, tile, step):
    spans = tiles.spans(size, tile, step)
    assert spans[0][0] == 0 and spans[-1][1] == size
    assert all(start % step == 0 for start, _ in spans)
    if len(spans) > 1:
        length = spans[0][1]
        assert length % step == 0 and length <= tile
        assert all(stop - start == length for start, stop in spans[:-1])
        assert length - step < spans[-1][1] - spans[-1][0] <= length
        assert all(stop - start >= tiles.OVERLAP for (_, stop), (start, _) in zip(spans, spans[1:]))
    assert (len(spans) == 1) == (size <= tile)


def test_no_more_tiles_than_needed_and_none_longer():
    assert tiles.spans(3840, 1024, 32) == [(704 * i, 704 * i + 1024) for i in range(5)]
    assert tiles.spans(1025, 1024, 32) == [(0, 704), (352, 1025)]
    assert tiles.spans(2048, 1024, 32) == [(0, 896), (576, 1472), (1152, 2048)]


@pytest.mark.parametrize("size", [1025, 1793, 4096])
def test_shares_sum_to_1_and_discard_borders(size):
    spans = tiles.spans(size, 1024, 32)
    total, discarded = np.zeros(size), (tiles.OVERLAP - tiles.RAMP) // 2
    for i, ((start, stop), share) in enumerate(zip(spans, tiles.shares(spans))):
        total[start:stop] += share
        assert share.min() >= 0
        assert i == 0 or not share[:discarded].any()
        assert i == len(spans) - 1 or not share[-discarded:].any()
    np.testing.assert_allclose(total, 1, rtol=1e-6)


@pytest.mark.parametrize("shape", [(700, 600), (512, 900), (40, 1300)])
def test_a_local_function_is_the_same_tiled(rng, shape):
    image, calls = rng.random(shape).astype(np.float32), []

    def run(parts):
        calls.append(parts.shape)
        assert max(parts.shape[1:]) <= 512 and len(parts) <= 2
        return np.stack([2 * parts + 1, parts], 3)

    np.testing.assert_allclose(
        tiles.complete(run, image, 512, 32, 2), np.stack([2 * image + 1, image], 2), rtol=1e-5, atol=1e-6
    )
    assert len(calls) == tiles.passes(shape, 512, 32, 2)


@pytest.mark.parametrize("factor", range(2, 17))
@pytest.mark.parametrize("samples", [1, 16, 32])
def test_the_smallest_tiles_that_may_be_asked_for_advance(factor, samples):
    tile, step = tiles.fitted(512, samples * factor)
    assert tile <= 512 and tile % step == 0 and samples * factor % step == 0
    found = tiles.spans(3000, tile, step)
    assert found[0][0] == 0 and found[-1][1] == 3000
    assert all(a[1] - b[0] >= tiles.OVERLAP for a, b in zip(found, found[1:]))
