import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats.image import Axis, as_grey, as_type, as_whole_numbers, grey_limits, lost
from dlss_tf.micrograph import Micrograph


def test_description():
    assert Micrograph(np.zeros((4, 5)), (0.25, 0.25), "nm").describe() == "4x5 px of 0.25 nm"
    assert Micrograph(np.zeros((4, 5)), (0.25, 0.5), "Å").describe() == "4x5 px of 0.25 x 0.5 Å"
    assert Micrograph(np.zeros((2, 4, 5)), (1, 1)).describe() == "2x4x5 px of 1 (no units)"
    assert Micrograph(np.zeros((4, 5))).describe() == "4x5 px, pixel size unknown"


def test_colour_is_refused(tmp_path, rng):
    import tifffile
    from PIL import Image

    colours = rng.integers(0, 255, (8, 9, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "image.png")
    tifffile.imwrite(tmp_path / "image.tif", colours, photometric="rgb")
    for name in ("image.png", "image.tif"):
        with pytest.raises(InputError, match=f"{name}: expected a grey image, found a colour one"):
            micrograph.read(str(tmp_path / name))


def test_rescaled_keeps_what_is_known_and_adds_a_step():
    image = Micrograph(np.zeros((4, 5)), (0.5, 0.25), "nm", "gold", ("scanned",)).rescaled(
        np.ones((8, 10)), 0.5, "more"
    )
    assert (image.pixel_size, image.units, image.title) == ((0.25, 0.125), "nm", "gold")
    assert image.history == ("scanned", "more") and image.data.shape == (8, 10)
    assert Micrograph(np.zeros((4, 5))).rescaled(np.ones((8, 10)), 0.5, "more").pixel_size is None


def test_colours_that_are_alike_are_a_grey_image(rng):
    grey = rng.integers(0, 255, (4, 5)).astype(np.uint8)
    np.testing.assert_array_equal(as_grey("a.png", grey), grey)
    with_alpha = np.stack([grey, grey, grey, np.full_like(grey, 255)], -1)
    np.testing.assert_array_equal(as_grey("a.png", with_alpha), grey)
    with_alpha[0, 0, 1] += 1
    with pytest.raises(InputError, match=r"a\.png: expected a grey image, found a colour one"):
        as_grey("a.png", with_alpha)


def test_rescaled_keeps_places_and_frames():
    scan = Micrograph(np.zeros((3, 4, 5)), (0.5, 0.5), "nm", origin=(-6, 10), frames=(Axis("time", "s", 0.2, 1.0),))
    image = scan.rescaled(np.zeros((3, 8, 10)), 0.5, "finer")
    assert image.origin == (-12, 20) and image.frames == scan.frames
    coarser = image.rescaled(np.zeros((2, 2)), 4, "coarser", (2, 1))
    assert coarser.origin == (-2.5, 5.25) and coarser.frames == ()


@pytest.mark.parametrize(
    ("dtype", "types", "written"),
    [
        ("u2", ("u2", "f4"), "u2"),
        (">u2", ("u2", "f4"), "u2"),
        ("u1", ("i1", "i2", "f4"), "i2"),
        ("?", ("u1", "f4"), "u1"),
        ("i4", ("u2", "f4"), "f4"),
        ("i8", ("f4", "f8"), "f8"),
        ("f8", ("u2", "f4"), "f4"),
        ("g", ("f4", "f8"), "f4"),
    ],
)
def test_types_that_a_format_does_not_hold_become_the_next_that_holds_their_values_or_float32(dtype, types, written):
    assert as_type(np.zeros(3, dtype), *types).dtype == np.dtype(written)


def test_offsets_that_float32_has_no_digits_for_need_float64():
    offset = np.arange(3, dtype="g") + 1e10
    assert as_type(offset, "f4", "f8").dtype == np.float64
    with pytest.warns(UserWarning, match="float32, the only type of this format for float64, rounds values"):
        assert as_type(offset.astype("f8"), "u2", "f4").dtype == np.float32


@pytest.mark.parametrize(
    ("data", "dtype", "sentences"),
    [
        (np.array([2**24, 2**24 + 1]), "f4", ["1 of 2 values were rounded to float32"]),
        (np.array([2**63 - 1, 7]), "f8", ["1 of 2 values were rounded to float64"]),
        (np.array([1e300, np.inf, 0.1]), "f4", ["1 of 3 values are beyond float32 and became infinite"]),
        (np.array([0.1, np.nan]), "f4", []),
        (np.array([7, 8], "u1"), "i2", []),
    ],
)
def test_what_is_lost_in_another_type_is_said(data, dtype, sentences):
    with np.errstate(over="ignore"):
        assert lost(data, data.astype(dtype)) == sentences


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"])
def test_whole_numbers_are_rounded_and_clipped(dtype):
    limits = np.iinfo(dtype)
    data = np.array([-1e30, -0.4, 1.5, 2.5, 99.9, 1e30, limits.max, limits.min], np.float32)
    whole, clipped = as_whole_numbers(data, np.dtype(dtype))
    assert whole.dtype == np.dtype(dtype)
    assert whole.tolist() == [limits.min, 0, 2, 2, 100, limits.max, limits.max, limits.min]
    assert clipped == 2


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (np.arange(1001.0), (1, 999)),
        (np.array([np.nan, *np.arange(1001.0), np.inf]), (1, 999)),
        (np.full((3, 3), 7), (6.5, 7.5)),
        (np.full((3, 3), np.nan), (0, 1)),
    ],
)
def test_grey_limits(data, limits):
    assert grey_limits(data) == pytest.approx(limits)
