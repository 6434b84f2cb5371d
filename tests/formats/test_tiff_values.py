import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import tiff_values

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


SAMPLES = np.arange(6 * 20 * 24, dtype="u2").reshape(6, 20, 24) * 20
IMAGEJ, OME = {"imagej": True}, {"ome": True}


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (SAMPLES, {}),
        (SAMPLES.reshape(2, 3, 20, 24), {**IMAGEJ, "metadata": {"axes": "TZYX"}}),
        (SAMPLES.reshape(2, 3, 20, 24), {**OME, "metadata": {"axes": "TZYX"}}),
        (SAMPLES.astype("i2"), {**OME, "byteorder": ">", "metadata": {"axes": "TYX"}}),
        (SAMPLES, {"compression": "zlib", "byteorder": ">"}),
        (SAMPLES, {"tile": (16, 16), "compression": "zlib"}),
        (SAMPLES > 999, {}),
        (SAMPLES, {"photometric": "miniswhite", "metadata": None}),
    ],
)
def test_frame_by_frame_a_stack_has_the_values_of_the_whole(tmp_path, read_here, data, options):
    path, options = str(tmp_path / "a.tif"), {"photometric": "minisblack"} | options
    tifffile.imwrite(path, data, **options)
    whole = micrograph.read(path)
    with tifffile.TiffFile(path) as file:
        stack = tiff_values.stack(file, file.series[0])
        (part,) = stack.parts()
        assert (stack.shape, stack.dtype, part.dtype) == (whole.data.shape, whole.data.dtype, whole.data.dtype)
        np.testing.assert_array_equal(part.reshape(whole.data.shape), whole.data)
        np.testing.assert_array_equal(next(stack.parts(4))[0], part[4])


@pytest.mark.parametrize(
    "options",
    [
        {"photometric": "palette", "colormap": np.stack([np.arange(256, dtype="u2") * 257] * 3)},
        {"photometric": "rgb", "planarconfig": "contig"},
        {"photometric": "minisblack", "volumetric": True, "tile": (16, 16, 16), "metadata": None},
    ],
)
def test_what_is_not_frame_behind_frame_is_read_whole(tmp_path, options):
    shape = (4, 20, 24, 3) if options["photometric"] == "rgb" else (4, 20, 24)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros(shape, "u1"), **options)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert tiff_values.stack(file, file.series[0]) is None
    assert [number for _, number, _ in micrograph.frames(str(tmp_path / "a.tif"))] == [0, 1, 2, 3]
