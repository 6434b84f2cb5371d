import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.formats import png
from dlss_tf.micrograph import Micrograph


@pytest.mark.parametrize(
    ("width", "pixel_size", "length"), [(512, 0.02, 2), (512, 0.1, 10), (100, 1, 20), (1000, 2e-4, 0.05), (300, 0.1, 5)]
)
def test_scale_bars_are_round(width, pixel_size, length):
    assert png.scale_bar(width, pixel_size) == pytest.approx(length)


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
