import dataclasses

import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.micrograph import Micrograph


def test_imagej_opens_the_tiff(image, tmp_path):
    micrograph.write(str(tmp_path / "image.tif"), image)
    with tifffile.TiffFile(tmp_path / "image.tif") as file:
        assert file.is_imagej and file.imagej_metadata["unit"] == "nm"
        assert file.imagej_metadata["min"] < 950 < 1050 < file.imagej_metadata["max"]
        np.testing.assert_array_equal(file.asarray(), image.data)


def shown_range(path):
    """What ImageJ takes for black and white of a file, in the file's values; it counts int16 from -32768."""
    with tifffile.TiffFile(path) as file:
        lines = dict(line.split("=", 1) for line in file.pages[0].description.splitlines())
        zero = -32768 if file.pages[0].dtype == np.int16 else 0
    return float(lines["min"]) + zero, float(lines["max"]) + zero


@pytest.mark.parametrize("shape", [(40, 50), (3, 40, 50), (2, 3, 40, 50)])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "f4", "f8"])
def test_black_and_white_for_imagej(tmp_path, rng, shape, dtype):
    """Of all frames together, whatever a hot pixel holds."""
    data = rng.normal(120, 5, shape).astype(dtype)
    data[..., 3, 4] = 255 if dtype == "u1" else 30000
    micrograph.write(str(tmp_path / "a.tif"), Micrograph(data))
    low, high = shown_range(tmp_path / "a.tif")
    assert 95 < low < 115 and 125 < high < 145


def test_black_and_white_of_its_own(tmp_path):
    micrograph.write(str(tmp_path / "a.tif"), Micrograph(np.eye(9, dtype="f4") / 2, display=(0.0, 1.0)))
    assert shown_range(tmp_path / "a.tif") == (0, 1)


@pytest.mark.parametrize(
    "info", ["root.ApplicationBounds = {0,0,701,1276}\nroot.InImageMode = 1", "Title: a\nb", "one"]
)
def test_imagejs_info_is_no_title(tmp_path, info):
    tifffile.imwrite(tmp_path / "gold.tif", np.eye(16, dtype="f4"), imagej=True, metadata={"Info": info})
    found = micrograph.read(str(tmp_path / "gold.tif"))
    assert (found.title, found.history) == ("gold", ())


def test_titles_of_several_lines_stay_titles(tmp_path):
    path = str(tmp_path / "a.tif")
    micrograph.write(path, Micrograph(np.eye(9, dtype="f4"), title="gold\non carbon", history=("one\ntwo", "three")))
    found = micrograph.read(path)
    assert (found.title, found.history) == ("gold on carbon", ("one", "two", "three"))


@pytest.mark.parametrize(
    ("size", "unit", "written"),
    [
        *[
            (2.5e-10, "m", (250, "pm")),
            (2e-12, "mm", (2, "fm")),
            (3e-12, "in", (76.2, "fm")),
            (2e5, "fm", (200, "pm")),
        ],
        *[(4e5, "nm", (400, "micron")), (0.25, "nm", (0.25, "nm")), (3e-7, "\u03bcm", (300, "fm"))],
    ],
)
def test_sizes_too_small_or_large_for_the_resolution_tags_change_their_unit(tmp_path, size, unit, written):
    path = str(tmp_path / "a.tif")
    micrograph.write(path, Micrograph(np.eye(9, dtype="f4"), (2 * size, size), unit))
    with tifffile.TiffFile(path) as file:
        assert file.imagej_metadata["unit"] == written[1]
        denominator, numerator = file.pages[0].tags["XResolution"].value
        assert numerator / denominator == pytest.approx(written[0], rel=1e-6)


def test_a_size_without_a_unit_that_they_cannot_hold_is_kept_beside(tmp_path):
    path = str(tmp_path / "a.tif")
    micrograph.write(path, Micrograph(np.eye(9, dtype="f4"), (1e-12, 1e-12)))
    assert micrograph.read(path).pixel_size == (1e-12, 1e-12)


@pytest.mark.parametrize(
    ("unit", "named"),
    [
        ("px", "pixel"),
        ("inch", "in"),
        ("micrometer", "µm"),
        ("\u03bcm", "µm"),
        ("angstrom", "Å"),
        ("fm", "fm"),
        ("parsec", None),
    ],
)
def test_omes_names_of_units(tmp_path, unit, named, recwarn):
    import xml.etree.ElementTree as ElementTree

    path = str(tmp_path / "a.ome.tif")
    micrograph.write(path, Micrograph(np.eye(9, dtype="f4"), (1.0, 2.0) if unit == "fm" else (1e-5, 2e-5), unit))
    with tifffile.TiffFile(path) as file:
        pixels = ElementTree.fromstring(file.ome_metadata).find(".//{*}Pixels")
    assert pixels.get("PhysicalSizeXUnit") == pixels.get("PhysicalSizeYUnit") == named
    assert ("OME has no unit parsec" in str([each.message for each in recwarn])) == (named is None)


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif"])
@pytest.mark.parametrize("dtype", ["f8", "i8"])
def test_offsets_that_float32_has_no_digits_for_are_written(tmp_path, suffix, dtype):
    data = (np.arange(80).reshape(8, 10) + 1e10).astype(dtype)
    micrograph.write(str(tmp_path / f"a{suffix}"), Micrograph(data, (0.5, 0.25), "nm", "gold"))
    found = micrograph.read(str(tmp_path / f"a{suffix}"))
    np.testing.assert_array_equal(found.data, data)
    assert (found.pixel_size, found.units, found.title) == ((0.5, 0.25), "nm", "gold")


RECIPROCAL = {
    "imagej": {"description": "ImageJ=1.53t\nunit=1/nm\n", "resolution": (2.0, 2.0)},
    "imagej in rows alone": {"description": "ImageJ=1.53t\nunit=nm\nyunit=nm^-1\n", "resolution": (2.0, 2.0)},
    "digital micrograph": {"extratags": [(65004, "s", 0, b"1/nm", True), (65009, "d", 1, 0.25, True)]},
    "milliradians": {"extratags": [(65003, "s", 0, b"mrad", True), (65009, "d", 1, 0.25, True)]},
}


@pytest.mark.parametrize("kind", RECIPROCAL)
def test_diffraction_patterns_are_refused(tmp_path, kind):
    path = tmp_path / "pattern.tif"
    tifffile.imwrite(path, np.ones((16, 20), np.float32), metadata=None, **RECIPROCAL[kind])
    with pytest.raises(InputError, match=r"pattern\.tif: expected an image, found diffraction patterns 16x20$"):
        micrograph.read(str(path))


def test_diffraction_patterns_in_ome_are_refused(tmp_path):
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(np.ones((16, 20), np.uint8), metadata={"Name": "image"})
        file.write(np.ones((18, 20), np.uint8), metadata={"PhysicalSizeX": 1.0, "PhysicalSizeXUnit": "1/nm"})
    assert micrograph.read(str(path), "image").data.shape == (16, 20)
    with pytest.raises(InputError, match="expected image 2 to be an image, found diffraction patterns 18x20"):
        micrograph.read(str(path), 2)


def test_axes_in_another_order(tmp_path, rng):
    stack = rng.integers(0, 200, (40, 48, 5)).astype("u2")
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", metadata={"axes": "YXC"})
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "a.tif")).data, stack.transpose(2, 0, 1))
    assert micrograph.contents(str(tmp_path / "a.tif")) == ["  1*   5x40x48 px, pixel size unknown, uint16"]
    tifffile.imwrite(tmp_path / "c.tif", stack, photometric="minisblack", planarconfig="contig", metadata=None)
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "c.tif")).data, stack.transpose(2, 0, 1))
    assert micrograph.contents(str(tmp_path / "c.tif")) == ["  1*   5x40x48 px, pixel size unknown, uint16"]
    tifffile.imwrite(tmp_path / "b.tif", stack, photometric="minisblack")
    with pytest.raises(InputError, match=r"b\.tif: .* found shape \[40, 48, 5\]; move the last axis to the front"):
        micrograph.read(str(tmp_path / "b.tif"))


def test_a_grey_thumbnail_is_not_the_image(tmp_path, rng):
    colours = rng.integers(0, 255, (64, 60, 3)).astype(np.uint8)
    grey = colours[:16, :15, 0]
    with tifffile.TiffWriter(tmp_path / "colour.tif") as file:
        file.write(colours, photometric="rgb", metadata=None)
        file.write(grey, photometric="minisblack", metadata=None)
    with pytest.raises(InputError, match=r"found a colour image larger than the images beside it; --image 2 chooses"):
        micrograph.read(str(tmp_path / "colour.tif"))
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "colour.tif"), 2).data, grey)
    with tifffile.TiffWriter(tmp_path / "grey.tif") as file:
        file.write(colours[:16], photometric="rgb", metadata=None)
        file.write(colours[..., 0], photometric="minisblack", metadata=None)
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "grey.tif")).data, colours[..., 0])


def test_several_images(tmp_path, rng):
    images = {"BF": rng.random((20, 24)), "HAADF": rng.random((20, 24))}
    with tifffile.TiffWriter(tmp_path / "two.ome.tif", ome=True) as file:
        for name, image in images.items():
            file.write(image, metadata={"Name": name})
    path = str(tmp_path / "two.ome.tif")
    with pytest.warns(UserWarning, match=r"two\.ome\.tif: found 2 images, took image 2 \(HAADF\), 20x24 px"):
        np.testing.assert_array_equal(micrograph.read(path).data, images["HAADF"])
    np.testing.assert_array_equal(micrograph.read(path, "BF").data, images["BF"])


def test_a_codec_that_is_missing_is_named(tmp_path, monkeypatch, read_here):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((16, 20), np.uint8), compression="zlib")

    def refuse(*_, **__):
        raise ValueError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package")

    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", refuse)
    with pytest.raises(InputError, match=r"a\.tif: reading this \.tif needs imagecodecs; pip install .*imagecodecs"):
        micrograph.read(str(tmp_path / "a.tif"))


def test_what_is_listed_is_what_is_read(tmp_path):
    """Each series with its own size, title and type."""
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        for name, side, size in (("001", 20, 100.0), ("HAADF", 16, 2.0)):
            about = {f"PhysicalSize{axis}": size for axis in "XY"} | {f"PhysicalSize{axis}Unit": "nm" for axis in "XY"}
            file.write(np.zeros((side, side), np.uint16), metadata={"Name": name, **about})
    path.write_bytes(path.read_bytes().replace(b'Type="uint16"', b'Type="int16" ', 1))
    assert micrograph.contents(str(path)) == [
        "  1* 001    20x20 px of 100 nm, int16",
        "  2  HAADF  16x16 px of 2 nm, uint16",
    ]
    for image, dtype, size, title in ((1, "i2", 100.0, "001"), ("HAADF", "u2", 2.0, "HAADF")):
        found = micrograph.read(str(path), image)
        assert (found.data.dtype, found.pixel_size, found.title) == (np.dtype(dtype), (size, size), title)
    micrograph.write(str(tmp_path / "a.tif"), Micrograph(np.eye(9, dtype="f4"), (0.5, 0.5), "nm", "gold"))
    assert micrograph.contents(str(tmp_path / "a.tif")) == ["  1* gold  9x9 px of 0.5 nm, float32"]


def test_values_of_axes_in_another_order(tmp_path, rng):
    stack = rng.integers(0, 200, (40, 48, 5)).astype("u1")
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="miniswhite", planarconfig="contig", metadata=None)
    with pytest.warns(UserWarning, match=r"a\.tif: its values are lower where it is brighter"):
        found = micrograph.read(str(tmp_path / "a.tif")).data
    np.testing.assert_array_equal(found, 255 - stack.transpose(2, 0, 1))


@pytest.mark.parametrize("kind", ["palette", "separated"])
def test_a_grey_thumbnail_of_inks_or_a_palette_is_not_the_image(tmp_path, kind):
    inks = np.zeros((64, 60, 4), np.uint8)
    numbers = np.arange(256, dtype=np.uint8).reshape(16, 16).repeat(4, 0)
    palette = np.arange(768, dtype=np.uint16).reshape(3, 256)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        if kind == "palette":
            file.write(numbers, photometric=kind, colormap=palette, metadata=None)
        else:
            file.write(inks, photometric=kind, metadata=None)
        file.write(numbers[:8], photometric="minisblack", metadata=None)
    with pytest.raises(
        InputError, match=r"found a colour image .* larger than the images beside it; --image 2 chooses"
    ):
        micrograph.read(str(tmp_path / "a.tif"))
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "a.tif"), 2).data, numbers[:8])


def test_imagej_shows_where_it_came_from(image, tmp_path):
    path = str(tmp_path / "image.tif")
    micrograph.write(path, dataclasses.replace(image, provenance={"source": {"file": "scan.dm4", "sha256": "0a"}}))
    with tifffile.TiffFile(path) as file:
        info = file.imagej_metadata["Info"].splitlines()
    assert info[:2] == ["Title: gold on carbon", "History: scanned"]
    assert info[-2:] == ['dlss_tf.source.file: "scan.dm4"', 'dlss_tf.source.sha256: "0a"']
