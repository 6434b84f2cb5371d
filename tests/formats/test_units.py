import warnings

import pytest

from dlss_tf.formats import units


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        *[("um", "µm"), ("\u03bcm", "µm"), ("\u00b5m", "µm"), ("microns", "µm"), ("A", "Å"), ("\u212b", "Å")],
        *[("\u00c5", "Å"), (" nm ", "nm"), ("n_m", "nm"), (None, "px"), ("", "px"), ("parsec", "parsec")],
        *[(word, "µm") for word in ("Microns", "micrometre", "Micrometers", "micro meter", "UM", "u_m", "µ", "?m")],
        *[
            (escaped, "µm")
            for escaped in ("\\u00B5m", "\\u03bcm", "\\xb5m", "&micro;m", "&#181;m", "$\\mu$m", "\\mu m")
        ],
        *[(mistaken, "µm") for mistaken in ("Âµm", "Î¼m", "\ufffdm", b"\xb5m", "µm".encode(), "\u339b")],
        *[
            (word, "Å")
            for word in ("Angstrom", "angstroms", "Ångström", "Angstroem", "ANG", "AA", "\\AA", "A\u030a", "Ã\x85")
        ],
        *[
            (word, "nm")
            for word in ("NM", "nanometres", "nano-meter", "nm/px", "nm per pixel", "[nm]", "(nm)", "nm\0", b"nm")
        ],
        *[("pm", "pm"), ("Picometers", "pm"), ("fm", "fm"), ("femtometre", "fm"), ("mm", "mm"), ("Millimeter", "mm")],
        *[("m", "m"), ("metres", "m"), ("cm", "cm"), ("kilometer", "km"), ("inches", "in"), ("Inch", "in")],
        *[("Pixels", "px"), ("<undefined>", "px"), ("reference frame", "px"), ("eV", "eV"), (" 1/nm", "1/nm")],
    ],
)
def test_names(spelling, name):
    assert units.name_of(spelling) == name


def test_every_name_is_a_unit_that_is_known():
    names = set(units.METRES) | {"px"}
    assert {units.name_of(name) for name in names} == names
    assert set(units.NGFF) <= set(units.METRES) and set(units.IMAGEJ) <= names == set(units.OME)
    assert {units.name_of(name) for name in units.NGFF.values()} == set(units.NGFF)


@pytest.mark.parametrize(
    ("sizes", "unit"),
    [
        *[(sizes, "nm") for sizes in ((0, 1), (1, -1), (float("nan"), 1), (1, float("inf")), (None, 1), ("a", 1))],
        *[
            ((4e16, 4e16), "nm"),
            ((1.01, 1), "mm"),
            ((1, 0.99), "fm"),
            ((1, 1), "m"),
            ((0.1, 0.1), "1/nm"),
            ((1, 1), "mrad"),
        ],
    ],
)
def test_a_size_that_cannot_be_is_unknown_and_that_is_said(sizes, unit):
    with pytest.warns(UserWarning, match="expected .*, found .*; it is taken as unknown"):
        assert units.calibrated(sizes, unit) == (None, "px")


@pytest.mark.parametrize(
    ("sizes", "names", "expected"),
    [
        ((0.25, 0.5), ("nm",), ((0.25, 0.5), "nm")),
        ((5, 0.005), ("nm", "micron"), ((0.005, 0.005), "µm")),
        ((2.5, 0.25), ("A", "nm"), ((0.25, 0.25), "nm")),
        ((1, 1), ("mm",), ((1, 1), "mm")),
        ((1, 1), ("fm",), ((1, 1), "fm")),
        ((1e9, 1), (None,), ((1e9, 1), "px")),
        (("0.25", "0.5"), ("nm",), ((0.25, 0.5), "nm")),
    ],
)
def test_axes_have_units_of_their_own(sizes, names, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        size, unit = units.calibrated(sizes, *names)
    assert size == pytest.approx(expected[0]) and unit == expected[1]


@pytest.mark.parametrize("names", [("nm", "px"), ("", "nm"), ("s", "nm"), ("eV", "s")])
def test_axes_of_which_one_is_no_length_have_no_size(names):
    with pytest.warns(UserWarning, match="expected rows and columns in units of length"):
        assert units.calibrated((1, 1), *names) == (None, "px")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[("11.65 nm", (11.65, "nm")), ("5um", (5, "um")), ("9,9E-9", (9.9e-9, "")), ("-1e-9 m", (-1e-9, "m"))],
        *[(3, (3, "")), (".5 µm", (0.5, "µm")), ("nm", None), (None, None), ("", None)],
    ],
)
def test_quantities(text, expected):
    assert units.quantity(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *["1/nm", "1 / Å", "nm^-1", "nm$^{-1}$", "Å⁻¹", "A-1", "mrad", "rad", "deg", "degrees", "nm**-1", "/nm"],
        *["1/\\u00C5", "nm\\u207b\\u00b9", "per nm", "reciprocal nm", b"1/nm"],
    ],
)
def test_diffraction_patterns_are_told_by_their_units(text):
    assert units.is_reciprocal(text)
    assert not any(units.is_reciprocal(name) for name in (*units.METRES, "nm/px", None, "microns", "Angstrom"))


@pytest.mark.parametrize(
    ("metres", "words"),
    [
        *[(2e-8, "20 nm"), (5e-10, "500 pm"), (1e-9, "1 nm"), (1e-6, "1 µm"), (0.5e-6, "500 nm"), (2e-3, "2 mm")],
        *[(1e-15, "1 fm"), (5e-16, "0.5 fm"), (3, "3 m"), (2.6218e-11, "26.22 pm")],
    ],
)
def test_lengths_are_said_in_the_unit_that_suits_them(metres, words):
    assert units.said(metres) == words
