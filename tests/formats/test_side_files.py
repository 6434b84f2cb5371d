import pytest
from formats import tiffs

from dlss_tf import micrograph
from dlss_tf.formats import side_files

HITACHI = "[SemImageFile]\r\nInstructName=SU8000\r\nDataSize=20x16\r\nPixelSize=9.921875\r\n"
JEOL = "$CM_FORMAT JEOL-SEM\r\n$CM_FULL_SIZE 20 12\r\n$$SM_MICRON_BAR 200\r\n$$SM_MICRON_MARKER 5um\r\n"
TESCAN = "[MAIN]\r\nDevice=MIRA3\r\nPixelSizeX=2e-009\r\nPixelSizeY=3e-009\r\n"


@pytest.mark.parametrize(
    ("name", "content", "size"),
    [
        ("scan.txt", HITACHI.encode(), (9.921875, 9.921875)),
        ("scan.txt", HITACHI.encode("utf-16"), (9.921875, 9.921875)),
        ("scan.TXT", HITACHI.replace("Sem", "Tem").encode("utf-8-sig"), (9.921875, 9.921875)),
        ("scan.txt", JEOL.encode(), (25, 25)),
        ("scan.hdr", TESCAN.encode(), (3, 2)),
        ("scan-tif.hdr", TESCAN.encode(), (3, 2)),
        ("scan.txt", HITACHI.replace("20x16", "1280x960").encode(), None),  # of another image
        ("scan.txt", b"Notes of a session. PixelSize=3", None),
        ("scan.txt", b"$$SM_MICRON_BAR 0\n$$SM_MICRON_MARKER 5um\n", None),
        ("scan.txt", HITACHI.encode() + b" " * 200_000, None),
        ("scan.txt", b"\xff\xfe\0", None),
    ],
)
def test_text_files_beside_an_image(tmp_path, name, content, size):
    (tmp_path / name).write_bytes(content)
    found = micrograph.read(str(tiffs.write(tmp_path / "scan.tif")))
    if size is None:
        assert found.pixel_size is None
    else:
        nanometres = {"nm": 1, "µm": 1e3, "m": 1e9}[found.units]
        assert [side * nanometres for side in found.pixel_size] == pytest.approx(size)


def test_a_size_in_the_file_itself_comes_first(tmp_path):
    (tmp_path / "scan.txt").write_text(HITACHI)
    found = micrograph.read(str(tiffs.write(tmp_path / "scan.tif", *tiffs.digital_micrograph())))
    assert found.pixel_size == (0.5, 0.25)


def test_nothing_beside_it():
    assert list(side_files.found("/nowhere/scan.tif", 20)) == []
