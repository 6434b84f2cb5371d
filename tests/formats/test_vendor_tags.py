import pytest
import tifffile
from formats import tiffs

from dlss_tf.formats import units, vendor_tags

FEI = "[User]\r\nUser=x\r\n[Beam]\r\nBeam=EBeam\r\nScan=EScan\r\n"
FIBICS = (
    '<?xml version="1.0" encoding="iso-8859-1"?><Fibics version="1.0"><Image><Width>20</Width></Image><Scan>{}</Scan>'
)
PHENOM = '<FeiImage><pixelWidth unit="um">0.02</pixelWidth><pixelHeight unit="nm">30</pixelHeight></FeiImage>'
JEOL = (
    "<TemReporter><Eos><EosMode>{}</EosMode></Eos><ImageFormingSystem><ModeString>{}</ModeString>"
    "<SelectorValue>{}</SelectorValue></ImageFormingSystem></TemReporter>"
)
HITACHI = "[SemImageFile]\r\nInstructName=SU8000\r\nPixelSize={}\r\nSignalName=TE\r\n"


def sizes(path):
    """What is found first, in nm."""
    with tifffile.TiffFile(path) as file:
        (rows, columns), (row_unit, column_unit) = next(vendor_tags.found(file.pages[0]), ((0, 0), ("m", "m")))
    metres = (units.METRES[units.name_of(unit)] for unit in (row_unit, column_unit))
    return [1e9 * float(size) * each for size, each in zip((rows, columns), metres)]


@pytest.mark.parametrize(
    ("tags", "rows", "columns"),
    [
        (tiffs.digital_micrograph(), 0.5, 0.25),
        (tiffs.digital_micrograph(0.25, 0.5, b"\xb5m", "µm".encode()), 500, 250),
        (tiffs.digital_micrograph(5, 0.005, b"nm", b"\xb5m"), 5, 5),
        ([tiffs.text(34118, b"\r\n" * 3 + b"AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 11.65 nm\r\n")], 11.65, 11.65),
        ([tiffs.text(34118, b"0\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 558.2 pm\r\n")], 0.5582, 0.5582),
        ([tiffs.text(34118, b"0\r\nAP_PIXEL_SIZE\r\nPixel Size = 1.2 \xb5m\r\n")], 1200, 1200),
        ([tiffs.text(34118, b"0\r\n0\r\n0\r\n1.17e-10\r\n")], 0.117 * 1024 / 20, 0.117 * 1024 / 20),
        (
            [tiffs.text(34118, b"0\r\n0\r\n0\r\n2.276e-10\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 11.65 nm\r\n")],
            *(0.2276 * 1024 / 20, 0.2276 * 1024 / 20),  # the same, with more digits
        ),
        (
            [tiffs.text(34118, b"0\r\n0\r\n0\r\n9.9e-10\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 11.65 nm\r\n")],
            *(11.65, 11.65),
        ),
        ([tiffs.text(51023, FIBICS.format("<Ux>0.005</Ux><Uy>0</Uy><Vx>0</Vx><Vy>-0.006</Vy>") + "</Fibics>")], 6, 5),
        (
            [
                tiffs.text(
                    51023, FIBICS.format('<FOV_X units="um">2</FOV_X><FOV_Y units="nm">800</FOV_Y>') + "</Fibics>"
                )
            ],
            *(50, 100),
        ),
        ([tiffs.text(65000, "<ImageTags><Fov><Value>4</Value><Units>um</Units></Fov></ImageTags>")], 200, 200),
        ([tiffs.text(34682, FEI + "[Scan]\r\nPixelWidth=2.5e-10\r\nPixelHeight=5e-10\r\n")], 0.5, 0.25),
        ([tiffs.text(34680, FEI + "[EScan]\r\nPixelWidth=2.5e-10\r\nPixelHeight=5e-10\r\n")], 0.5, 0.25),
        (
            [
                tiffs.text(
                    34682, FEI + "[EBeam]\r\nHFW=5e-7\r\nVFW=4e-7\r\n[Image]\r\nResolutionX=1000\r\nResolutionY=800\r\n"
                )
            ],
            *(0.5, 0.5),
        ),
        (
            [tiffs.text(34683, PHENOM)],
            *(30, 20),
        ),
        ([tiffs.text(34683, "<Data><PixelsSize><X>2e-10</X><Y>3e-10</Y></PixelsSize></Data>")], 0.3, 0.2),
        ([tiffs.tvips(0.25, 0.5)], 0.5, 0.25),
        ([tiffs.undefined(50431, b"\x01\x02\0[MAIN]\r\nPixelSizeX=2e-009\r\nPixelSizeY=3e-009\r\n")], 3, 2),
    ],
)
def test_sizes_by_makers(tmp_path, tags, rows, columns):
    assert sizes(tiffs.write(tmp_path / "image.tif", *tags)) == pytest.approx([rows, columns])


def test_olympus(tmp_path):
    assert sizes(tiffs.write_olympus(tmp_path / "image.tif", -9, 0.25, 0.5)) == pytest.approx([0.5, 0.25])


def test_tvips_first_version_has_the_resolution_alone(tmp_path):
    path = tiffs.write(tmp_path / "image.tif", tiffs.tvips(0, 0, version=1), resolution=(4e7, 2e7))
    assert sizes(path) == pytest.approx([0.5, 0.25])


@pytest.mark.parametrize("size", ["9.921875", "9.921875 nm", "0.009921875um"])
def test_hitachis_description(tmp_path, size):
    path = tiffs.write(tmp_path / "image.tif", description=HITACHI.format(size))
    assert sizes(path) == pytest.approx([9.921875] * 2)


def test_jeols_resolution_is_the_cameras(tmp_path):
    def written(*words):
        options = {"resolution": (1e3, 1e3), "resolutionunit": "CENTIMETER"}
        return tiffs.write(
            tmp_path / "image.tif", tiffs.text(271, vendor_tags.JEOL), description=JEOL.format(*words), **options
        )

    assert sizes(written("eosTEM", "MAG", 20_000)) == pytest.approx([0.5, 0.5])
    assert sizes(written("eosASID", "MAG", 20_000)) == [0, 0]
    with tifffile.TiffFile(written("eosTEM", "DIFF", 80)) as file:
        assert vendor_tags.jeol(file.pages[0])[1] == ("1/nm", "1/nm")
        assert vendor_tags.is_jeol(file.pages[0])


@pytest.mark.parametrize(
    "tag",
    [
        *[tiffs.text(code, b"<a>not what it should be") for code in (34118, 34680, 34682, 34683, 51023, 65000, 65009)],
        *[tiffs.text(code, b"[Scan]\r\nPixelWidth=\r\n") for code in (34682, 50431)],
        tiffs.undefined(37706, b"\0" * 9),
        tiffs.undefined(33560, b"SIS0"),
    ],
)
def test_damaged_tags_say_nothing(tmp_path, tag):
    assert sizes(tiffs.write(tmp_path / "image.tif", tag)) == [0, 0]
