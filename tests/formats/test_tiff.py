import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph


def tagged(path, tags):
    """An image with tags of an instrument's own, whose calibration RosettaSciIO reads."""
    image = np.arange(320, dtype=np.uint8).reshape(16, 20)
    tifffile.imwrite(path, image, metadata=None, extratags=tags)
    return micrograph.read(str(path))


def test_digital_micrographs_tags(tmp_path):
    pytest.importorskip("rsciio")
    named = [(tag, "s", 0, b"nm", True) for tag in (65003, 65004)]
    found = tagged(tmp_path / "dm.tif", [*named, (65009, "d", 1, 0.25, True), (65010, "d", 1, 0.5, True)])
    assert found.pixel_size == pytest.approx((0.5, 0.25)) and found.units == "nm"


def test_other_units_than_of_length_are_none(tmp_path):
    pytest.importorskip("rsciio")
    named = [(tag, "s", 0, b"eV", True) for tag in (65003, 65004)]
    found = tagged(tmp_path / "dm.tif", [*named, (65009, "d", 1, 0.25, True), (65010, "d", 1, 0.25, True)])
    assert found.pixel_size is None and found.units == "px"


def test_without_rosettasciio_the_image_is_read_all_the_same(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "rsciio.tiff", None)
    assert tagged(tmp_path / "plain.tif", []).data.shape == (16, 20)


def test_imagej_opens_the_tiff(image, tmp_path):
    import tifffile

    micrograph.write(str(tmp_path / "image.tif"), image)
    with tifffile.TiffFile(tmp_path / "image.tif") as file:
        assert file.is_imagej and file.imagej_metadata["unit"] == "nm"
        assert file.imagej_metadata["min"] < 950 < 1050 < file.imagej_metadata["max"]
        np.testing.assert_array_equal(file.asarray(), image.data)


def test_resolution_tags_of_a_microscope_and_of_a_printer(tmp_path):
    import tifffile

    data = np.zeros((8, 9), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, resolution=(2e7, 1e7), resolutionunit="CENTIMETER")
    assert micrograph.read(str(tmp_path / "a.tif")).pixel_size == pytest.approx((1.0, 0.5))
    assert micrograph.read(str(tmp_path / "a.tif")).units == "nm"
    tifffile.imwrite(tmp_path / "b.tif", data, resolution=(300, 300), resolutionunit="INCH")
    assert micrograph.read(str(tmp_path / "b.tif")).pixel_size is None
