import io
import sys

import numpy as np
import pytest

from dlss_tf.formats.image import Micrograph
from dlss_tf.interfaces import outputs, preview

Image = pytest.importorskip("PIL.Image")

TOP = preview.GAP + round(2.6 * round(1.6 * preview.LETTERS))  # px above the panels
STEP = preview.PANEL + preview.GAP


def drawn(scan, factor=4, size=(0.5, 0.5), units="nm", **images):
    """The picture in red, green and blue, of a scan that is supersampled by repeating its samples."""
    scan = Micrograph(np.asarray(scan), size, units)
    data = scan.data.repeat(factor, -2).repeat(factor, -1)
    results = {name: scan.rescaled(image, 1 / factor, "made") for name, image in {"image": data, **images}.items()}
    content = preview.picture("folder/scan.dm4", scan, results, factor, "mine")
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.mode == "P"
        return np.asarray(picture.convert("RGB")).astype(int)


def test_title_and_notes_of_the_result_are_texts_of_it(rng):
    scan = Micrograph(rng.random((8, 8)), title="gold")
    result = scan.rescaled(scan.data.repeat(2, 0).repeat(2, 1), 1 / 2, "made", provenance={"factor": 2})
    with Image.open(io.BytesIO(preview.picture("a.dm4", scan, {"image": result}, 2, "mine"))) as picture:
        picture.load()
        assert picture.text == {"Title": "gold", "Description": 'made\ndlss_tf.factor: 2\ndlss_tf.result: "preview"'}


def test_it_is_known_again_whatever_its_colours(tmp_path):
    source = {"sha256": "12ab", "image": 2}
    result = Micrograph(np.eye(16), title="a" * 2_000_000, provenance={"result": "image", "source": source})
    results = {"image": result, "uncertainty": result}
    content = preview.picture("a.dm4", Micrograph(np.eye(4)), results, 4, "mine")
    path = tmp_path / "a-x4-preview.png"
    path.write_bytes(content)
    with Image.open(path) as picture:
        assert np.ptp(np.asarray(picture.convert("RGB")).astype(int), axis=-1).max() > 50
    assert outputs.previewed(str(path)) == {"result": "preview", "source": source}
    assert outputs.is_preview(str(path), {"file": "other.dm4", **source})
    for origin in ({"sha256": "12ab"}, {**source, "image": 1}, {**source, "sha256": "34cd"}, {}):
        assert not outputs.is_preview(str(path), origin)
    for other in (content[:8], content[:100], b"", b"II*\0", content.replace(b'"preview"', b'"image"  ')):
        path.write_bytes(other)
        assert outputs.previewed(str(path)) == {} and not outputs.is_preview(str(path), source)


def panel(picture, number, row=0, height=preview.PANEL):
    """Without what is drawn over it at its borders."""
    top, left = TOP + row * STEP, preview.GAP + number * STEP
    return picture[top : top + height, left : left + preview.PANEL]


def test_scan_and_image_in_the_same_greys_and_places(rng):
    picture = drawn(rng.normal(100, 5, (30, 30)), size=None)
    assert picture.shape[1] == 2 * STEP + preview.GAP
    scan, image = (panel(picture, number)[20:440, 20:440] for number in (0, 1))
    assert (picture[..., 0] == picture[..., 1]).all() and np.ptp(scan) > 200
    np.testing.assert_array_equal(scan[:-4, :-4], image[4:, 4:])  # what is nearest to a sample begins before it


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 900), (50, 60), (121, 121)])
def test_scans_of_any_size(shape, rng):
    picture = drawn(rng.random(shape, dtype=np.float32))
    assert picture.shape[1] >= 2 * preview.NARROWEST


def test_large_images_are_reduced_by_area_means_and_shown_enlarged():
    """A board of black and white is grey from afar; the part with most to see is where it is."""
    image = np.full((960, 960), 0.5)
    image[240:480, 480:720] = np.indices((240, 240)).sum(0) % 2
    picture = drawn(image[::4, ::4], size=None, image=image)
    whole, part = panel(picture, 1), panel(picture, 1, row=1)
    np.testing.assert_allclose(whole[125:235, 245:355], 127, atol=3)
    assert set(np.unique(part)) == {0, 255} and (part[::2, ::2] == part[1::2, 1::2]).all()
    marked = np.argwhere((whole == [0xFF, 0x9F, 0x1C]).all(-1))
    np.testing.assert_allclose((marked.min(0), marked.max(0)), ((120, 240), (240, 360)), atol=1)


def test_a_scale_bar_over_greys_alone(rng):
    scan = rng.random((30, 30))
    spread = np.full((120, 120), 3.0, np.float32)
    with_bars, without = (drawn(scan, size=size, uncertainty=spread) for size in ((0.5, 0.5), None))
    changed = (with_bars != without).any(-1)[TOP:]
    columns = [slice(preview.GAP + i * STEP, preview.GAP + i * STEP + preview.PANEL) for i in range(3)]
    assert [bool(changed[: preview.PANEL, each].any()) for each in columns] == [True, True, False]
    assert (panel(with_bars, 0)[466, 12 : 12 + 64] == 255).all()  # 2 nm, of 0.125 nm a px and 4 px each


@pytest.mark.parametrize("units", ["parsec", "px"])
def test_no_scale_bar_in_units_of_no_length(units, rng):
    scan = rng.random((30, 30))
    np.testing.assert_array_equal(panel(drawn(scan, units=units), 0), panel(drawn(scan, size=None), 0))


def test_uncertainty_from_0_in_colours_and_guessed_by_its_root():
    scan = np.eye(30)
    spread, guessed = np.full((120, 120), 4.0, np.float32), np.full((120, 120), 0.25, np.float32)
    spread[:60] = 0
    picture = drawn(scan, uncertainty=spread, guessed=guessed)
    colours = np.frombuffer(preview._palette(), np.uint8).reshape(256, 3)
    uncertain, share = panel(picture, 2), panel(picture, 3)
    assert (uncertain[:200] == colours[preview.DARK]).all() and (uncertain[280:] == colours[preview.LIGHT]).all()
    assert (share == colours[preview.DARK + 63]).all()


def test_colours_are_matplotlibs():
    matplotlib = pytest.importorskip("matplotlib")
    colours = np.frombuffer(preview._palette(), np.uint8).reshape(256, 3)[preview.DARK : preview.LIGHT + 1]
    expected = 255 * matplotlib.colormaps["magma"](np.linspace(0, 1, len(colours)))[:, :3]
    assert np.abs(colours - expected).max() < 12


@pytest.mark.parametrize(
    "scan",
    [np.full((12, 12), 3.0), np.where(np.eye(12), np.nan, 1.0), np.where(np.eye(12), np.inf, -np.inf), np.eye(12) > 0],
)
def test_odd_values_are_drawn(scan):
    picture = drawn(scan, uncertainty=np.zeros((48, 48), np.float32), guessed=np.full((48, 48), np.nan, np.float32))
    assert picture.shape[1] == 4 * STEP + preview.GAP


def test_of_a_stack_the_first_frame(rng):
    stack = rng.random((2, 3, 20, 30))
    first, whole = drawn(stack[0, 0]), drawn(stack)
    np.testing.assert_array_equal(panel(first, 1, height=300), panel(whole, 1, height=300))


@pytest.mark.parametrize("name", ["a" * 300 + ".dm4", "\u70ad\u7d20 \u00b5.dm4", "a\x1b[2J\n.dm4", ""])
def test_any_name_can_be_written(name):
    scan = Micrograph(np.eye(4))
    large = scan.rescaled(np.eye(16), 1 / 4, "made")
    assert preview.picture(f"folder/{name}", scan, {"image": large}, 4, "mine").startswith(b"\x89PNG")


def test_long_words_lose_their_middle():
    words = preview._cut(f"begin{'x' * 300}.dm4, supersampled by 5", 480)
    assert words.startswith("begin") and words.endswith("supersampled by 5") and "..." in words
    assert preview.drawing.font(preview.LETTERS).getlength(words) <= 480
    assert preview._cut("scan.dm4", 480) == "scan.dm4"


def test_pillow_is_looked_for_and_not_imported(monkeypatch):
    assert preview.possible()
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert not preview.possible()
