import numpy as np
import pytest
from golden import trace

from dlss_tf import lattice
from dlss_tf.errors import InputError

GOLDEN_FACTORS = range(3, 13)


@pytest.mark.parametrize("factor", GOLDEN_FACTORS)
def test_matches_the_published_code_at_512(factor):
    golden = trace("coverage")
    np.testing.assert_array_equal(lattice.infill_index(512, factor), golden[f"index_{factor}"])
    assert lattice.count(512, factor) == golden[f"count_{factor}"]
    assert lattice.p(1 / factor**2) == pytest.approx(float(golden[f"p_{factor}"]), rel=1e-12)


@pytest.mark.parametrize("factor", range(2, 17))
@pytest.mark.parametrize("size", [17, 64, 103, 512])
def test_infill_takes_the_nearest_sample_and_the_lower_on_a_tie(size, factor):
    sampled = lattice.positions(size, factor)
    assert sampled[0] == (size % factor) // 2
    for x in range(size):
        distances = np.abs(sampled - x)
        assert lattice.infill_index(size, factor)[x] == sampled[np.argmin(distances)]


@pytest.mark.parametrize("shape", [(40, 40), (37, 64), (3, 50, 41)])
@pytest.mark.parametrize("factor", [2, 5, 16])
def test_infill_of_a_downsampled_image_keeps_the_samples(rng, shape, factor):
    image = rng.normal(size=shape).astype(np.float32)
    scan = lattice.downsample(image, factor)
    filled = lattice.infill(scan, shape[-2:], factor)
    assert filled.shape == image.shape
    assert filled.dtype == image.dtype
    np.testing.assert_array_equal(lattice.downsample(filled, factor), scan)


@pytest.mark.parametrize("factor", [0, 1, 17, 2.5, True])
def test_refuses_other_factors(factor):
    with pytest.raises(InputError, match="whole number from 2 to 16"):
        lattice.positions(64, factor)


def test_refuses_a_scan_that_is_not_the_lattices():
    with pytest.raises(InputError, match="expected 13x13 samples for 64x64 pixels at factor 5, found 12x13"):
        lattice.infill(np.zeros((12, 13)), (64, 64), 5)


@pytest.mark.parametrize("first", [(None, None), (2, 0)])
def test_bicubic_goes_through_the_samples_and_holds_the_outermost(rng, first):
    scan = rng.random((2, 7, 6), np.float32)
    size = (27, 22)  # whose own first samples are 1, 1
    image = lattice.bicubic(scan, size, 4, first)
    rows, columns = (lattice.positions(n, 4, start) for n, start in zip(size, first))
    assert image.shape == (2, *size) and image.dtype == np.float32
    np.testing.assert_allclose(image[:, rows[:, None], columns], scan, atol=1e-6)
    np.testing.assert_allclose(image[:, : rows[0], columns], scan[:, :1].repeat(rows[0], 1), atol=1e-6)
    with pytest.raises(InputError, match="^scan: expected"):
        lattice.bicubic(scan[:, 1:], size, 4, first)
