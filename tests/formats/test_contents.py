import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.formats.contents import COLOUR, DIFFRACTION, IMAGE, Entry, choose, entry_of, listing, taken
from dlss_tf.micrograph import Micrograph


def entry(name="", side=8, kind=IMAGE, detector="", frames=()):
    return Entry(kind, (*frames, side, side), np.dtype("u2"), lambda: None, name, detector)


MANY = [
    entry("Fe", 64),
    entry("acquisition", 64, detector="HAADF"),
    entry("overview", 32),
    entry("spectrum", 1, "a spectrum 20"),
    entry("overview", 16),
]


def test_unasked_it_is_the_largest_image_and_of_equals_haadf():
    assert choose("a.emd", [entry(side=8), entry(side=16), entry(side=12)]) == 2
    assert choose("a.emd", [entry("a"), entry("b")]) == 1
    assert choose("a.emd", MANY) == 2
    assert choose("a.emd", [entry(side=8, frames=(90,)), entry(side=9)]) == 2  # a frame counts, not how many


@pytest.mark.parametrize(
    ("image", "number"),
    [(1, 1), ("1", 1), ("Fe", 1), ("fe", 1), ("HAADF", 2), ("haadf", 2), ("acquisition", 2), (5, 5)],
)
def test_an_image_goes_by_number_title_or_detector(image, number):
    assert choose("a.emd", MANY, image) == number


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("BF", r"a\.emd: expected an image called BF, found 1 \(Fe\), 2 \(HAADF\), 3 \(overview\), 5 \(overview\)"),
        ("HADF", r"found 1 \(Fe\), 2 .*; did you mean HAADF\?$"),
        (9, r"a\.emd: expected an image called 9, found 1 \(Fe\)"),
        (0, "expected an image called 0"),
        ("", "expected an image called "),
        ("overview", "expected one image called overview, found numbers 3, 5 of that name"),
        ("spectrum", "expected image spectrum to be an image, found a spectrum 20"),
    ],
)
def test_no_image_of_that_name_is_refused(image, sentence):
    with pytest.raises(InputError, match=sentence):
        choose("a.emd", MANY, image)


@pytest.mark.parametrize("kind", [COLOUR, f"{DIFFRACTION} 64x64"])
def test_a_thumbnail_of_what_is_no_image_is_not_taken(kind):
    entries = [entry(side=64, kind=kind), entry(side=16)]
    with pytest.raises(InputError, match=f"a: expected an image, found {kind} larger than .*; --image 2 chooses"):
        choose("a", entries)
    assert choose("a", entries, 2) == 2
    assert choose("a", [entry(side=16, kind=kind), entry(side=64)]) == 2
    assert choose("a", [entry(side=64, kind=f"{DIFFRACTION} 8x8x64x64", frames=(8, 8)), entry(side=16)]) == 2  # 4D-STEM


def test_a_file_without_an_image():
    with pytest.raises(InputError, match="a: expected an image, found a spectrum 20, data$"):
        choose("a", [entry(kind="a spectrum 20"), entry(kind="data"), entry(kind="data")])
    with pytest.raises(InputError, match="a: expected a grey image, found a colour one$"):
        choose("a", [entry(kind=COLOUR)])
    with pytest.raises(InputError, match="a: expected an image, found a file without one$"):
        choose("a", [])


def test_which_of_several_was_taken_is_a_sentence():
    assert taken([entry(), entry(kind=COLOUR)], 1) is None
    assert taken(MANY, 2) == (
        "found 4 images, took image 2 (HAADF), 64x64 px, pixel size unknown, uint16; --image 1|2|3|... chooses"
    )


def test_listing():
    known = entry_of(Micrograph(np.zeros((2, 8, 9), np.float32), (0.5, 0.5), "nm", "gold"))
    assert listing([known, *MANY[1:4]], 1) == [
        "  1* gold      2x8x9 px of 0.5 nm, float32",
        "  2  HAADF     64x64 px, pixel size unknown, uint16  acquisition",
        "  3  overview  32x32 px, pixel size unknown, uint16",
        "  4  spectrum  a spectrum 20",
    ]


def test_names_do_nothing_to_a_terminal():
    entries = [entry("\x1b[2Jmap"), entry("a\nb", detector="\x07")]
    lines = listing(entries, 1)
    assert all(line.isprintable() for line in lines) and r"\x1b[2Jmap" in lines[0] and r"\x07" in lines[1]
    assert taken(entries, 1).startswith(
        "found 2 images, took image 1 (\x1b[2Jmap)"
    )  # the warning is escaped as a whole
