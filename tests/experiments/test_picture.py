import numpy as np
import pytest
from PIL import Image

from dlss_tf.errors import InputError
from experiments import picture


def made(path, side, colour, rng):
    shape = (side, 2 * side, 3) if colour else (side, 2 * side)
    Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(path)
    return str(path)


def test_grey_pictures_have_evenly_spaced_greys(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (8, 1))
    Image.fromarray(np.stack([ramp] * 3, -1)).save(tmp_path / "ramp.png")
    picture.shrink(str(tmp_path / "ramp.png"), str(tmp_path / "made" / "ramp.png"))
    with Image.open(tmp_path / "made" / "ramp.png") as small:
        greys = np.asarray(small)
    assert greys.shape == ramp.shape and len(np.unique(greys)) == picture.GREYS
    assert np.abs(greys - ramp.astype(int)).max() <= 3 and (greys.min(), greys.max()) == (0, 255)


@pytest.mark.parametrize("colour", [False, True])
def test_large_pictures_are_reduced_until_they_are_small(tmp_path, rng, monkeypatch, colour):
    monkeypatch.setattr(picture, "WIDEST", 200)
    monkeypatch.setattr(picture, "MOST", 10_000)
    source = made(tmp_path / "noise.png", 150, colour, rng)
    monkeypatch.setattr("sys.argv", ["picture", source, source])
    picture.main()
    with Image.open(source) as small:
        assert 80 < small.width < 200 and small.width == pytest.approx(2 * small.height, abs=2)
    assert (tmp_path / "noise.png").stat().st_size < 10_000


def test_few_colours_stay_as_they_are(tmp_path):
    colours = np.zeros((4, 4, 3), np.uint8)
    colours[0, 0], colours[1, 1] = (255, 159, 28), (11, 99, 95)
    Image.fromarray(colours).save(tmp_path / "a.png")
    picture.shrink(str(tmp_path / "a.png"), str(tmp_path / "b.png"))
    with Image.open(tmp_path / "b.png") as same:
        np.testing.assert_array_equal(np.asarray(same.convert("RGB")), colours)


def test_refuses_what_is_no_picture(tmp_path):
    (tmp_path / "a.png").write_text("none")
    with pytest.raises(InputError, match=r"a.png: expected a picture, found "):
        picture.shrink(str(tmp_path / "a.png"), str(tmp_path / "b.png"))
    assert not (tmp_path / "b.png").exists()
