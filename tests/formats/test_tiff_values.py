import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph
from dlss_tf.errors import InputError

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def read(path, data, **options):
    tifffile.imwrite(path, data, **options)
    return micrograph.read(str(path)).data


@pytest.mark.parametrize("scale", [257, 256, 1])
def test_a_grey_palette_gives_its_greys(tmp_path, scale):
    """Zeiss' files have one that changes nothing; others turn the numbers round."""
    palette = np.arange(256, dtype=np.uint16)
    for greys in (palette, palette[::-1]):
        data = read(tmp_path / "a.tif", RAMP, photometric="palette", colormap=np.stack([greys * scale] * 3))
        np.testing.assert_array_equal(data, greys[RAMP])
        assert data.dtype == np.uint8


def test_greys_of_16_bits_keep_them(tmp_path):
    greys = (np.arange(256, dtype=np.uint16) * 200 + 7).astype(np.uint16)
    np.testing.assert_array_equal(
        read(tmp_path / "a.tif", RAMP, photometric="palette", colormap=np.stack([greys] * 3)), greys[RAMP]
    )


def test_a_colour_palette_is_refused_if_it_is_used(tmp_path):
    palette = np.stack([np.arange(256, dtype=np.uint16) * 257] * 3)
    palette[1, 255] = 0
    grey = np.minimum(RAMP, 254)
    np.testing.assert_array_equal(read(tmp_path / "a.tif", grey, photometric="palette", colormap=palette), grey)
    with pytest.raises(InputError, match=r"b\.tif: expected a grey image, found a colour one with a palette"):
        read(tmp_path / "b.tif", RAMP, photometric="palette", colormap=palette)


def test_imagejs_palettes_are_but_a_way_to_show_the_values(tmp_path):
    palette = np.random.default_rng(0).integers(0, 65536, (3, 256)).astype(np.uint16)
    options = {"photometric": "palette", "colormap": palette, "description": "ImageJ=1.53t\n", "metadata": None}
    np.testing.assert_array_equal(read(tmp_path / "a.tif", RAMP, **options), RAMP)


@pytest.mark.parametrize(("data", "white"), [(RAMP, 255), (RAMP.astype("u2") * 257, 65535)])
def test_values_that_fall_with_brightness_are_turned_round(tmp_path, data, white):
    with pytest.warns(UserWarning, match=r"a\.tif: its values are lower where it is brighter"):
        np.testing.assert_array_equal(read(tmp_path / "a.tif", data, photometric="miniswhite"), white - data)
    options = {"photometric": "miniswhite", "description": "ImageJ=1.53t\n", "metadata": None}
    np.testing.assert_array_equal(read(tmp_path / "b.tif", data, **options), data)
    np.testing.assert_array_equal(read(tmp_path / "c.tif", data.astype("f4"), photometric="miniswhite"), data)


@pytest.mark.parametrize("kind", ["i1", "i2"])
def test_minus_signs_of_imagej(tmp_path, kind):
    """It has no signed types: it adds to the values, and says how to subtract that."""
    data = np.linspace(-100, 100, 256).reshape(16, 16).astype(kind)
    lowest = np.iinfo(kind).min
    description = f"ImageJ=1.53t\ncf=0\nc0={lowest}.0\nc1=1.0\nvunit=Gray Value\n"
    stored = (data.astype(int) - lowest).astype(kind.replace("i", "u"))
    found = read(tmp_path / "a.tif", stored, description=description, metadata=None)
    assert found.dtype == np.dtype(kind)
    np.testing.assert_array_equal(found, data)
    other = read(tmp_path / "b.tif", stored, description=description.replace("c1=1.0", "c1=2.5"), metadata=None)
    np.testing.assert_array_equal(other, stored)


def test_minus_signs_of_ome(tmp_path):
    data = np.linspace(-100, 100, 256).reshape(16, 16).astype("i2")
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, data.view("u2"), ome=True)
    path.write_bytes(path.read_bytes().replace(b'Type="uint16"', b'Type="int16" '))
    np.testing.assert_array_equal(micrograph.read(str(path)).data, data)


def test_inks_are_refused(tmp_path):
    inks = np.zeros((8, 9, 4), np.uint8)
    inks[..., 3] = 9
    with pytest.raises(InputError, match=r"a\.tif: expected a grey image, found a colour one in inks"):
        read(tmp_path / "a.tif", inks, photometric="separated")
