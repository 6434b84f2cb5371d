import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph
from dlss_tf.errors import InputError


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


def test_a_codec_that_is_missing_is_named(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((16, 20), np.uint8), compression="zlib")

    def refuse(*_, **__):
        raise ValueError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package")

    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", refuse)
    with pytest.raises(
        InputError, match=r"a\.tif: reading this \.tif needs imagecodecs; pip install 'dlss_tf\[codecs\]"
    ):
        micrograph.read(str(tmp_path / "a.tif"))
