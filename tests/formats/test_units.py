import pytest

from dlss_tf.formats import units


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        *[("um", "µm"), ("\u03bcm", "µm"), ("\u00b5m", "µm"), ("microns", "µm"), ("A", "Å"), ("\u212b", "Å")],
        *[("\u00c5", "Å"), (" nm ", "nm"), ("n_m", "nm"), (None, "px"), ("", "px"), ("parsec", "parsec")],
    ],
)
def test_names(spelling, name):
    assert units.name_of(spelling) == name


def test_every_name_is_a_unit_that_is_known():
    names = set(units.METRES) | {"px"}
    assert {units.name_of(name) for name in names} == names
    assert set(units.NGFF) <= set(units.METRES) and set(units.IMAGEJ) <= names
    assert {units.name_of(name) for name in units.NGFF.values()} == set(units.NGFF)


@pytest.mark.parametrize("sizes", [(0, 1), (1, -1), (float("nan"), 1), (1, float("inf"))])
def test_a_size_that_is_no_positive_number_is_unknown(sizes):
    assert units.calibrated(sizes, "nm") == (None, "px")


@pytest.mark.parametrize("text", ["1/nm", "1 / Å", "nm^-1", "nm$^{-1}$", "Å⁻¹", "A-1", "mrad", "rad", "deg"])
def test_diffraction_patterns_are_told_by_their_units(text):
    assert units.RECIPROCAL.search(text)
    assert not any(units.RECIPROCAL.search(name) for name in units.METRES)
