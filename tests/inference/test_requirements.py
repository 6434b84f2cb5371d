import pytest

from dlss_tf import Supersampler, lattice
from dlss_tf.config import Config, preset
from dlss_tf.errors import InputError
from dlss_tf.inference.requirements import check_factor, check_tile, padding_of, step_of, warn_if_untrained

SCAN_GRID = preset("quick", "scan-grid").replace(factors=(4, 5, 8))


@pytest.mark.parametrize("side", [64, 65, 67, 70, 93, 96])
def test_one_stage_samples_stay_on_the_lattice(tiny_one_stage_run, side):
    """What is added to reach a multiple of 32 leaves every sample of the scan where the network looks for it."""
    supersampler = Supersampler(tiny_one_stage_run)
    before, after = padding_of(supersampler.config, 5, side)
    padded = before + side + after
    assert padded % 32 == 0
    assert set(before + lattice.positions(side, 5)) <= set(lattice.positions(padded, 5))


@pytest.mark.parametrize("factor", [4, 5, 8])
@pytest.mark.parametrize("side", [40, 43, 64])
@pytest.mark.parametrize("first", [0, 1, 3])
def test_padding_keeps_samples_on_the_lattice_of_the_padded_side(factor, side, first):
    before, after = padding_of(SCAN_GRID, factor, side, first)
    assert (lattice.offset(side + before + after, factor) - first - before) % factor == 0
    assert 0 <= before + after < 2 * factor


def test_tiles_are_cut_where_the_network_cuts():
    assert [step_of(config, 5) for config in (Config(), SCAN_GRID)] == [32, 80]
    for tile in (511, 480, 1000):
        with pytest.raises(InputError, match="tile: expected a multiple of 32 px, at least 512"):
            check_tile(tile)


def test_factors_that_were_not_trained_for():
    assert check_factor(Config(), 12) == 12
    with pytest.warns(UserWarning, match="factor 12: this generator was trained for 4, 5, 6, 7, 8, 9, 10"):
        warn_if_untrained(Config(), 12)
    with pytest.raises(InputError, match="expected one of 4, 5, 8"):
        check_factor(SCAN_GRID, 12)
