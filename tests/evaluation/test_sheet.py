"""Contact sheets: what is drawn where, in which greys."""

import importlib.util
import os
import sys

import numpy as np
import pytest
from PIL import Image

from dlss_tf.errors import InputError
from dlss_tf.evaluation import sheet

TITLES = ["Input", "Output", "Truth"]


def panels(path, rows, columns):
    """The centre of each panel's upper right quarter, clear of inset and box: [rows, columns, 20, 20]."""
    image = np.asarray(Image.open(path))
    side, gap, title, label = (x * sheet._DPI for x in (sheet._PANEL, sheet._GAP, sheet._TITLE, sheet._LABEL))
    found = np.empty((rows, columns, 20, 20), np.uint8)
    for i in range(rows):
        for j in range(columns):
            y, x = int(title + i * (side + gap) + side / 4), int(label + j * (side + gap) + 3 * side / 4)
            found[i, j] = image[y - 10 : y + 10, x - 10 : x + 10]
    return found


def ramp(low, high, size=128):
    return np.tile(np.linspace(low, high, size), (size, 1))


def test_rows_share_the_truths_greys(tmp_path):
    truth = ramp(0, 1)
    rows = [("first", [truth, np.full_like(truth, 0.5), truth]), ("second", [100 * truth, 200 * truth, 100 * truth])]
    path = str(tmp_path / "made" / "sheet.png")
    sheet.write_sheet(path, rows, TITLES)
    assert os.listdir(tmp_path / "made") == ["sheet.png"]
    greys = panels(path, 2, 3).astype(int)
    np.testing.assert_allclose(greys[0, 0], greys[0, 2], atol=3)  # subpixel shifts of the ramp between panels
    np.testing.assert_allclose(greys[0, 1], 127, atol=2)
    np.testing.assert_allclose(greys[1, 0], greys[1, 2], atol=3)
    np.testing.assert_allclose(greys[1, 2], greys[0, 2], atol=3)
    assert (greys[1, 1] == 255).all() and 160 < greys[1, 2].mean() < 220


def test_inset_shows_the_top_left_64_pixels(tmp_path):
    image = np.zeros((256, 256))
    image[: sheet.INSET, : sheet.INSET] = 1.0
    path = str(tmp_path / "sheet.png")
    sheet.write_sheet(path, [("inset", [image])], ["Truth"])
    drawn = np.asarray(Image.open(path))
    assert drawn.ndim == 2 and drawn.dtype == np.uint8
    side, share = sheet._PANEL * sheet._DPI, sheet._INSET_SHARE
    bottom, right = (sheet._TITLE + sheet._PANEL) * sheet._DPI, (sheet._LABEL + sheet._PANEL) * sheet._DPI
    y, x = (
        slice(int(bottom - 0.9 * share * side), int(bottom - 10)),
        slice(int(right - 0.9 * share * side), int(right - 10)),
    )
    assert (drawn[y, x] == 255).all()
    assert (panels(path, 1, 1) == 0).all()


def test_a_panel_of_its_own_greys_and_an_empty_one(tmp_path):
    truth, error = ramp(0, 1), np.full((128, 128), 0.25)
    rows = [
        ("a", [truth, sheet.Panel(error, (0.0, 0.5)), None]),
        ("b", [truth, truth, sheet.Panel(error, (0.0, 0.25))]),
    ]
    sheet.write_sheet(str(tmp_path / "sheet.png"), rows, TITLES)
    greys = panels(tmp_path / "sheet.png", 2, 3).astype(int)
    np.testing.assert_allclose(greys[0, 0], greys[1, 1], atol=3)  # the greys are those of the last image, not panel
    np.testing.assert_allclose(greys[0, 1], 127, atol=2)
    assert (greys[0, 2] == 255).all() and (greys[1, 2] == 255).all()
    assert not drawn_over(tmp_path / "sheet.png", 0, 2).any()


def drawn_over(path, row, column):
    """Where a panel, without its frame, is not white."""
    side, gap, title, label = (int(x * sheet._DPI) for x in (sheet._PANEL, sheet._GAP, sheet._TITLE, sheet._LABEL))
    top, left = title + row * (side + gap), label + column * (side + gap)
    return np.asarray(Image.open(path))[top + 4 : top + side - 4, left + 4 : left + side - 4] < 255


def test_a_caption_is_written_over_the_lower_left(tmp_path):
    white = np.ones((128, 128))
    for caption in ("", "root MSE 0.0312"):
        rows = [("a", [sheet.Panel(white, (0.0, 1.0), caption)])]
        sheet.write_sheet(str(tmp_path / "sheet.png"), rows, ["Output"])
        assert drawn_over(tmp_path / "sheet.png", 0, 0)[-20:, :100].any() == bool(caption)


def test_error_maps_have_one_white(tmp_path):
    truth = ramp(0, 1)
    near, far = sheet.error_maps([truth + 0.1, truth - 0.2], truth)
    assert near.limits == far.limits == (0.0, pytest.approx(0.2))
    np.testing.assert_allclose(near.image, 0.1, atol=1e-6)
    np.testing.assert_allclose(far.image, 0.2, atol=1e-6)
    assert sheet.error_maps([truth], truth)[0].limits == (0.0, 1.0)  # which can be drawn


def test_small_constant_and_broken_images_are_drawn(tmp_path):
    path = str(tmp_path / "sheet.png")
    constant, broken = np.full((20, 20), 3.0), ramp(0, 1)
    broken[:10] = np.nan
    nothing = np.full((20, 20), np.nan)
    sheet.write_sheet(path, [("a_{1}$ very long name " * 4, [constant]), ("b", [broken]), ("c", [nothing])], ["$T"])
    greys = panels(path, 3, 1)
    np.testing.assert_allclose(greys[0], 127, atol=2)
    assert greys[1].std() > 0


def test_no_pyplot_state(tmp_path):
    import matplotlib.pyplot

    before, backend = matplotlib.pyplot.get_fignums(), matplotlib.get_backend()
    sheet.write_sheet(str(tmp_path / "sheet.png"), [("a", [ramp(0, 1)])], ["Truth"])
    assert matplotlib.pyplot.get_fignums() == before and matplotlib.get_backend() == backend


def test_an_interrupted_write_leaves_the_old_sheet(tmp_path, monkeypatch):
    path = tmp_path / "sheet.png"
    path.write_bytes(b"old")

    def fail(self, partial, **_):
        with open(partial, "wb") as file:
            file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        sheet.write_sheet(str(path), [("a", [ramp(0, 1)])], ["Truth"])
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["sheet.png"]


@pytest.mark.parametrize(
    ("rows", "titles", "message"),
    [
        ([], TITLES, "at least one row"),
        ([("a", [])], [], "at least one row"),
        ([("a", [np.zeros((8, 8))])], TITLES, "a: expected an image for each of 3 titles, found 1"),
        ([("a", [np.zeros((8, 8, 1))])], ["Truth"], "a: expected images"),
    ],
)
def test_refuses(tmp_path, rows, titles, message):
    with pytest.raises(InputError, match=message):
        sheet.write_sheet(str(tmp_path / "sheet.png"), rows, titles)
    assert not os.listdir(tmp_path)


def test_a_missing_extra_is_one_clear_sentence(monkeypatch):
    spec = importlib.util.spec_from_file_location("dlss_tf.evaluation.without_matplotlib", sheet.__file__)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(
        InputError, match=r"expected to find matplotlib; pip install .*opencv-python-headless .*matplotlib$"
    ):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
