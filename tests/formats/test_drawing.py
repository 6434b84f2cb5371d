import numpy as np
import pytest

from dlss_tf.formats import drawing


@pytest.mark.parametrize(
    ("width", "pixel_size", "unit", "length", "words"),
    [
        *[(512, 0.02, "nm", 100, "2 nm"), (512, 0.1, "nm", 100, "10 nm"), (100, 1, "nm", 20, "20 nm")],
        *[(1000, 2e-4, "µm", 250, "50 nm"), (300, 0.1, "nm", 50, "5 nm"), (100, 0.2, "Å", 25, "500 pm")],
        *[(100, 25, "nm", 20, "500 nm"), (1000, 4, "nm", 250, "1 µm"), (1024, 1e-13, "m", 200, "20 pm")],
    ],
)
def test_scale_bars_are_round_in_units_that_suit_them(width, pixel_size, unit, length, words):
    assert drawing.scale_bar(width, pixel_size, unit) == (length, words)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("20 µm", "20 um"),
        ("\u03bcm", "um"),
        ("Gefüge Å", "Gefuge A"),
        ("炭素.dm4", "??.dm4"),
        ("a-1_b.tif", "a-1_b.tif"),
    ],
)
def test_words_that_pillows_font_can_draw(text, written):
    pytest.importorskip("PIL")
    assert drawing.plain(text) == written


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_bar_is_drawn_at_the_lower_left(mode):
    Image = pytest.importorskip("PIL.Image")
    image = Image.new(mode, (300, 200), "grey")
    drawing.draw_scale_bar(image, 0.1, "nm")
    grey = np.asarray(image.convert("L"))
    assert (grey[191:194, 7 : 7 + 50] == 255).all() and (grey[:170] == 128).all()
    assert (grey[:, 100:] == 128).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 1)])
def test_small_images_have_one_too(size):
    Image = pytest.importorskip("PIL.Image")
    drawing.draw_scale_bar(Image.new("L", size), 0.1, "nm")


@pytest.mark.parametrize(
    ("count", "images", "expected"), [(3, 9, {0, 4, 8}), (4, 2, {0, 1}), (1, 5, {0}), (2, 0, set())]
)
def test_what_a_sheet_shows_is_evenly_spaced(count, images, expected):
    assert drawing.evenly_spaced(count, images) == expected
