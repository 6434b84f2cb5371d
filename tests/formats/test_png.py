import dataclasses

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.micrograph import Micrograph


def test_png_is_grey_with_a_scale_bar(rng, tmp_path):
    from PIL import Image

    data = rng.normal(size=(200, 300)).astype(np.float32)
    micrograph.write(str(tmp_path / "a.png"), Micrograph(data))
    micrograph.write(str(tmp_path / "b.png"), Micrograph(data, (0.1, 0.1), "nm"))
    plain, barred = (np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png"))
    assert plain.dtype == np.uint8 and plain.shape == (200, 300)
    assert np.corrcoef(plain.ravel(), data.ravel())[0, 1] > 0.99
    np.testing.assert_array_equal(plain[:120], barred[:120])
    assert (barred[191:194, 7 : 7 + 50] == 255).all()  # 5 nm


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "RGBA"])
def test_png_of_8_and_16_bits(mode, tmp_path, rng):
    from PIL import Image

    grey = rng.integers(0, 65535 if mode == "I;16" else 255, (8, 9)).astype("u2" if mode == "I;16" else "u1")
    picture = np.stack([grey] * len(mode), -1) if mode.startswith("RGB") else grey
    Image.fromarray(picture).save(tmp_path / "image.png")
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "image.png")).data, grey)


@pytest.mark.parametrize("samples", [2, 3, 4])
def test_16_bit_colours_that_are_alike_keep_their_16_bits(samples, tmp_path, rng):
    imagecodecs = pytest.importorskip("imagecodecs")
    grey = rng.integers(0, 65535, (8, 9)).astype(np.uint16)
    image = np.dstack([grey] * samples)
    (tmp_path / "image.png").write_bytes(imagecodecs.png_encode(image))
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "image.png")).data, grey)
    if samples > 2:
        image[0, 0, 1] ^= 1
        (tmp_path / "image.png").write_bytes(imagecodecs.png_encode(image))
        with pytest.raises(InputError, match="expected a grey image, found a colour one"):
            micrograph.read(str(tmp_path / "image.png"))


def test_16_bit_colours_without_imagecodecs(tmp_path, monkeypatch, read_here):
    import struct
    import sys

    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 8, 9, 16, 2, 0, 0, 0)
    (tmp_path / "image.png").write_bytes(header)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(InputError, match=r"16-bit colours needs imagecodecs; pip install .*imagecodecs"):
        micrograph.read(str(tmp_path / "image.png"))


def test_a_palettes_numbers_are_no_intensities(tmp_path, rng):
    from PIL import Image

    numbers = rng.integers(0, 4, (8, 9)).astype(np.uint8)
    greys = np.array([200, 10, 90, 0], np.uint8)
    picture = Image.fromarray(numbers, "P")
    picture.putpalette(np.stack([greys] * 3, -1).tobytes())
    picture.save(tmp_path / "image.png")
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "image.png")).data, greys[numbers])
    picture.putpalette(bytes(range(12)))
    picture.save(tmp_path / "image.png")
    with pytest.raises(InputError, match="expected a grey image, found a colour one"):
        micrograph.read(str(tmp_path / "image.png"))


@pytest.mark.parametrize(("size", "unit", "nanometres"), [(0.25, "nm", 0.25), (0.003, "µm", 3), (40, "pm", 0.04)])
def test_the_pixel_size_is_kept(tmp_path, size, unit, nanometres):
    path = str(tmp_path / "image.png")
    micrograph.write(path, Micrograph(np.eye(40), (2 * size, size), unit))
    found = micrograph.read(path)
    assert found.pixel_size == pytest.approx((2 * nanometres, nanometres)) and found.units == "nm"
    micrograph.write(path, Micrograph(np.eye(40)))
    assert micrograph.read(path).pixel_size is None


def test_title_and_notes_are_texts(image, tmp_path):
    from PIL import Image

    path = str(tmp_path / "image.png")
    micrograph.write(path, dataclasses.replace(image, provenance={"factor": 5}))
    with Image.open(path) as written:
        assert written.text["Title"] == "gold on carbon"
        assert written.text["Description"].splitlines() == [*image.history, "dlss_tf.factor: 5"]


def test_texts_of_others(tmp_path):
    from PIL import Image, PngImagePlugin

    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "gold")
    texts.add_text("Description", "a\ndlss_tf.factor: ]")
    picture = Image.fromarray(np.eye(8, dtype=np.uint8))
    picture.save(tmp_path / "image.png", pnginfo=texts)
    found = micrograph.read(str(tmp_path / "image.png"))
    assert (found.title, found.history, found.provenance) == ("gold", ("a",), {})
    picture.save(tmp_path / "image.png", "JPEG")
    assert micrograph.read(str(tmp_path / "image.png")).title == "image"


def test_greys_of_its_own(tmp_path):
    from PIL import Image

    data = np.linspace(0, 0.5, 64 * 64, dtype=np.float32).reshape(64, 64)
    micrograph.write(str(tmp_path / "a.png"), Micrograph(data, display=(0.0, 1.0)))
    assert np.asarray(Image.open(tmp_path / "a.png")).max() == 128
    micrograph.write(str(tmp_path / "b.png"), Micrograph(data > 0.25))
    assert set(np.unique(Image.open(tmp_path / "b.png"))) == {0, 255}
