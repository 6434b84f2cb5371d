import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph
from dlss_tf.micrograph import Micrograph


def test_imagej_opens_the_tiff(image, tmp_path):
    micrograph.write(str(tmp_path / "image.tif"), image)
    with tifffile.TiffFile(tmp_path / "image.tif") as file:
        assert file.is_imagej and file.imagej_metadata["unit"] == "nm"
        assert file.imagej_metadata["min"] < 950 < 1050 < file.imagej_metadata["max"]
        np.testing.assert_array_equal(file.asarray(), image.data)


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
    assert (found.title, found.history) == ("gold on carbon", ("one two", "three"))


@pytest.mark.parametrize(
    ("size", "unit", "written"),
    [
        *[
            (2.5e-10, "m", (250, "pm")),
            (9e-13, "mm", (0.9, "fm")),
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
    micrograph.write(path, Micrograph(np.eye(9, dtype="f4"), (1e-6, 2e-6), unit))
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
