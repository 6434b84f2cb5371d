import pytest
import tifffile
from formats import tiffs

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats.vendor_tags import JEOL

IMAGEJ = "ImageJ=1.53t\nunit={}\n"


def read(path, *tags, **options):
    return micrograph.read(str(tiffs.write(path, *tags, **options)))


@pytest.mark.parametrize(
    ("tags", "options", "size", "unit"),
    [
        ([], {"description": IMAGEJ.format("nm"), "resolution": (4, 2)}, (0.5, 0.25), "nm"),
        ([], {"description": IMAGEJ.format("\\u00B5m"), "resolution": (4, 2)}, (0.5, 0.25), "µm"),
        ([], {"description": IMAGEJ.format("nm\nyunit=micron"), "resolution": (0.2, 200)}, (5, 5), "nm"),
        ([], {"description": IMAGEJ.format("pixel"), "resolution": (4, 2)}, (0.5, 0.25), "px"),
        ([], {"description": IMAGEJ.format("pixel"), "resolution": (1, 1)}, None, "px"),
        (
            [],
            {"description": IMAGEJ.format("pixel"), "resolution": (1e5, 1e5), "resolutionunit": 2},
            (1e-5, 1e-5),
            "px",
        ),
        ([], {"resolution": (2e7, 1e7), "resolutionunit": "CENTIMETER"}, (1, 0.5), "nm"),
        ([], {"resolution": (4e3, 2e3), "resolutionunit": 5}, (0.5, 0.25), "nm"),
        ([], {"resolution": (300, 300), "resolutionunit": "INCH"}, None, "px"),
        ([], {"resolution": (2e7, 1e7), "resolutionunit": "NONE"}, None, "px"),
        (tiffs.digital_micrograph(1.0, 1.0, b"", b""), {}, None, "px"),  # what stands for no size
        (tiffs.digital_micrograph(0.2, 0.1, b"", b""), {}, (0.1, 0.2), "px"),
        (tiffs.digital_micrograph(1.0, 1.0, b"", b""), {"resolution": (2e7, 1e7), "resolutionunit": 3}, (1, 0.5), "nm"),
        (tiffs.digital_micrograph(), {"description": IMAGEJ.format("mm"), "resolution": (9, 9)}, (0.5, 0.25), "nm"),
        (
            [tiffs.text(271, JEOL)],
            {"description": "<TemReporter/>", "resolution": (1e4, 1e4), "resolutionunit": 3},
            None,
            "px",
        ),
    ],
)
def test_who_knows_best(tmp_path, tags, options, size, unit):
    found = read(tmp_path / "image.tif", *tags, **options)
    assert found.units == unit and found.pixel_size == (size and pytest.approx(size))


@pytest.mark.parametrize(
    "tags",
    [
        *[tiffs.digital_micrograph(0.25, size) for size in (0.0, -0.25, float("nan"), float("inf"), 2e6, 1e-7)],
        tiffs.digital_micrograph(0.25, 0.25, b"nm", b"s"),
        tiffs.digital_micrograph(0.25, 0.25, b"eV", b"eV"),
        [tiffs.text(34682, b"[Scan]\r\nPixelWidth=0\r\nPixelHeight=0\r\n")],
        [tiffs.text(34118, b"0\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 0 nm\r\n")],
        [tiffs.tvips(0, 0)],
    ],
)
def test_what_cannot_be_is_said_and_what_can_is_looked_for(tmp_path, tags):
    with pytest.warns(UserWarning, match=r"image\.tif: expected .*, found .*; it is taken as unknown"):
        assert read(tmp_path / "image.tif", *tags).pixel_size is None
    found = read(tmp_path / "image.tif", *tags, resolution=(2e7, 1e7), resolutionunit="CENTIMETER")
    assert found.pixel_size == pytest.approx((1, 0.5)) and found.units == "nm"


@pytest.mark.parametrize(
    ("tags", "options"),
    [
        (tiffs.digital_micrograph(0.1, 0.1, b"1/nm", b"1/nm"), {}),
        ([], {"description": IMAGEJ.format("1/nm"), "resolution": (4, 4)}),
        (tiffs.digital_micrograph(0.1, 0.1, b"mrad", b"mrad"), {"resolution": (2e7, 1e7), "resolutionunit": 3}),
    ],
)
def test_diffraction_patterns(tmp_path, tags, options):
    with pytest.raises(InputError, match=r"image\.tif: expected an image, found diffraction patterns 16x20"):
        read(tmp_path / "image.tif", *tags, **options)


def test_tags_are_those_of_the_page_that_is_read(tmp_path):
    with tifffile.TiffWriter(tmp_path / "two.tif") as file:
        file.write(tiffs.IMAGE[:8, :10], metadata=None, extratags=tiffs.digital_micrograph(100.0, 100.0))
        file.write(tiffs.IMAGE, metadata=None)
    found = micrograph.read(str(tmp_path / "two.tif"))
    assert found.data.shape == (16, 20) and found.pixel_size is None
