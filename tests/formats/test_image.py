import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats.image import as_grey, as_type, grey_limits
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


def test_types_that_a_format_does_not_hold_become_float32():
    assert as_type(np.zeros(3, "u2"), "u2", "f4").dtype == np.uint16
    assert as_type(np.zeros(3, "f8"), "u2", "f4").dtype == np.float32
    assert as_type(np.zeros(3, ">u2"), "u2", "f4").dtype == np.uint16
    assert as_type(np.arange(3) + 1e10, "f4", "f8").dtype == np.float64
    with pytest.warns(UserWarning, match="float32, the only type of this format for float64, rounds values"):
        assert as_type(np.arange(3) + 1e10, "u2", "f4").dtype == np.float32


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
