import numpy as np
import pytest

from dlss_tf.errors import InputError
from experiments.columns import columns, compare_columns, cramer_rao_bound, lattice_vector

SIDE, SPACING = 192, 16.0


def lattice(shift=(0.0, 0.0), missing=()):
    """A square lattice of Gaussian columns, 16 px apart and 3 px wide, all of them moved by `shift`."""
    places = [(i, j) for i in range(-1, 14) for j in range(-1, 14) if (i, j) not in missing]
    row, column = np.mgrid[:SIDE, :SIDE]
    image = np.zeros((SIDE, SIDE))
    for i, j in places:
        y, x = SPACING * i + 4.3 + shift[0], SPACING * j + 7.8 + shift[1]
        image += np.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * 3.0**2))
    return (image / image.max()).astype(np.float32)


def test_lattice_vector(rng):
    assert lattice_vector(lattice()) == SPACING
    noise = rng.normal(0, 0.5, (SIDE, SIDE)).astype(np.float32)
    assert lattice_vector(lattice() + noise) == SPACING


def test_no_lattice(rng):
    with pytest.raises(InputError, match="columns: expected a lattice"):
        lattice_vector(rng.random((SIDE, SIDE), np.float32))


def test_columns_are_where_they_were_put():
    found = columns(lattice(), SPACING)
    assert len(found) >= 100
    offsets = (found - [4.3, 7.8] + SPACING / 2) % SPACING - SPACING / 2
    assert np.abs(offsets).max() < 0.1


def test_a_shift_is_measured_and_missing_columns_are_not_found():
    found = compare_columns(lattice(), lattice(shift=(0.3, 0.4), missing=[(5, 5), (8, 3)]), 4)
    assert found["lattice_vector_px"] == SPACING
    assert found["columns"] == 100
    assert found["found"] == pytest.approx(0.98)
    assert found["rms_px"] == pytest.approx(0.5, abs=0.05)
    assert found["rms_px_an_axis"] == pytest.approx(0.5 / np.sqrt(2), abs=0.05)


def test_columns_closer_than_8_px_do_not_count():
    narrow = lattice()[::3, ::3]
    assert compare_columns(narrow, narrow, 4)["columns"] == 0


def test_bound_is_that_of_an_isolated_column_in_noise(rng):
    """Heights are those of the blurred truth, which are lower than the columns' own, 1."""
    truth = lattice() + rng.normal(0, 0.1, (SIDE, SIDE)).astype(np.float32)
    bound = cramer_rao_bound(truth, columns(lattice(), SPACING), 4)
    assert np.sqrt(2 / np.pi) * 4 * 0.1 == pytest.approx(bound, rel=0.4)
    assert bound > np.sqrt(2 / np.pi) * 4 * 0.1
    assert cramer_rao_bound(truth, columns(lattice(), SPACING), 8) == pytest.approx(2 * bound)
    noisy = compare_columns(truth, lattice(shift=(0.3, 0.4)), 4)
    assert noisy["rms_over_bound"] == pytest.approx(noisy["rms_px_an_axis"] / bound, rel=0.05)
