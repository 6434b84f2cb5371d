import json
import os

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import digests
from dlss_tf.micrograph import Micrograph
from dlss_tf.serving import uploads
from dlss_tf.serving.uploads import Asked


def test_a_file_is_read_under_its_senders_name_and_removed(tmp_path):
    path = str(tmp_path / "0123.tif")
    micrograph.write(path, Micrograph(np.ones((4, 5), np.float32), (0.5, 0.5), "nm"))
    digest = digests.of_file(path)
    scan, said, source = uploads.scan_in(path, Asked(factor=5, name="C:\\data\\gold.tif"))
    assert source == {"file": "gold.tif", "sha256": digest}
    assert scan.title == "gold" and scan.pixel_size == (0.5, 0.5) and said == [] and not os.listdir(tmp_path)
    with open(path, "wb") as file:
        file.write(b"no tiff")
    with pytest.raises(InputError, match=r"^gold\.tif: expected a \.tif image"):
        uploads.scan_in(path, Asked(factor=5, name="/../gold.tif"))
    assert not os.listdir(tmp_path)


def test_raw_numbers_are_known_by_their_digest(tmp_path):
    path = tmp_path / "0123.raw"
    path.write_bytes(bytes(20))
    digest = digests.of_file(str(path))
    _, _, source = uploads.scan_in(str(path), Asked(factor=5, dtype="uint8", shape="4,5", low=0, high=2.5))
    assert source == {"sha256": digest, "dtype": "uint8", "shape": "4,5", "low": 0, "high": 2.5}


def test_where_an_image_came_from_is_in_its_file_or_beside_its_numbers(tmp_path):
    made = {"factor": 5, "source": {"file": "é\r\n.dm4", "provenance": {"factor": 4}}}
    image = Micrograph(np.eye(8, dtype=np.float32), provenance=made)
    content, headers = uploads.written(image, "tif", "uint8", str(tmp_path))
    assert "Dlss-Provenance" not in headers
    (tmp_path / "a.tif").write_bytes(content)
    assert micrograph.read(str(tmp_path / "a.tif")).provenance == {**made, "depth": "uint8"}
    for form in ("npy", "raw"):
        header = uploads.written(image, form, "float32", str(tmp_path))[1]["Dlss-Provenance"]
        assert header.isascii() and header.isprintable()
        assert json.loads(header) == {"factor": 5, "source": {"file": "é\r\n.dm4"}}


@pytest.mark.parametrize("told", [{}, {"a": "x" * 5000, "b": "x" * 5000}])
def test_no_header_of_what_is_not_known_or_long(told, tmp_path):
    image = Micrograph(np.eye(8, dtype=np.float32), provenance=told)
    assert "Dlss-Provenance" not in uploads.written(image, "raw", "float32", str(tmp_path))[1]


def test_a_scan_s_own_words_are_no_trouble_of_the_server_s(tmp_path):
    image = Micrograph(np.eye(8, dtype=np.float32), provenance={"source": "\udcfe\r\n"})
    _, headers = uploads.written(image, "raw", "float32", str(tmp_path))
    assert headers["Dlss-Provenance"] == r'{"source": "\udcfe\r\n"}'


def test_one_of_several_images(tmp_path):
    path = str(tmp_path / "a.hspy")
    micrograph.write(path, Micrograph(np.ones((4, 5), np.float32), title="HAADF"))
    with pytest.raises(InputError, match="image: expected one of the file's images, found all"):
        uploads.scan_in(path, Asked(factor=5, name="a.hspy", image="all"))
    micrograph.write(path, Micrograph(np.ones((4, 5), np.float32), title="HAADF"))
    assert uploads.scan_in(path, Asked(factor=5, name="a.hspy", image="1"))[0].data.shape == (4, 5)


@pytest.mark.parametrize("name", ["a", "a.jpeg", ".dm4", "a.zspy", "a.emi", "a.dm4\x00", "a.rpl"])
def test_refuses_other_names(name):
    with pytest.raises(InputError, match="name: expected a suffix out of .ome.tif, "):
        Asked(factor=5, name=name).suffix  # noqa: B018


@pytest.mark.parametrize("form", ["tif", "ome.tif", "hspy", "npy", "mrc"])
def test_whole_numbers_in_a_file_say_what_they_mean(form, tmp_path, rng):
    image = Micrograph(rng.normal(1000, 30, (20, 24)).astype(np.float32), (0.5, 0.5), "nm", "gold")
    content, headers = uploads.written(image, form, "uint8", str(tmp_path))
    assert not os.listdir(tmp_path) and headers["Dlss-Pixel-Size"] == "0.5,0.5" and headers["Dlss-Units"] == '"nm"'
    path = str(tmp_path / f"a.{form}")
    with open(path, "wb") as file:
        file.write(content)
    back = micrograph.read(path)
    low, high = float(headers["Dlss-Low"]), float(headers["Dlss-High"])
    values = low + (high - low) * back.data.astype(np.float64) / 255
    assert np.abs(values - image.data).max() <= (high - low) / 500
    if form in ("tif", "ome.tif", "hspy"):
        assert back.history[-1].startswith("values are ") and back.data.dtype == np.uint8


def test_units_of_any_characters_are_a_header(tmp_path):
    image = Micrograph(np.ones((4, 5), np.float32), (0.5, 0.5), "µm\r\nX: 1")
    _, headers = uploads.written(image, "raw", "float32", str(tmp_path))
    assert headers["Dlss-Units"] == r'"\u00b5m\r\nX: 1"'


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("gold on carbon", "gold-on-carbon-uncertainty.tif"),
        ("../../etc/passwd", "etc-passwd-uncertainty.tif"),
        ('a"; filename=b\r\n', "a---filename-b-uncertainty.tif"),
        ("µ\x00", "image-uncertainty.tif"),
        ("", "image-uncertainty.tif"),
        ("a" * 500, "a" * 80 + "-uncertainty.tif"),
    ],
)
def test_names_of_downloads(title, name):
    assert uploads.file_name(title, "uncertainty", "tif") == name


def test_what_is_known_of_an_image():
    image = Micrograph(np.array([[np.nan, 1.0], [2.0, np.inf]], np.float32), (0.5, 0.5), "nm", "a\x1b", ("b\x1b",))
    assert uploads.described(image) == {
        **{"shape": [2, 2], "dtype": "float32", "pixel_size": (0.5, 0.5), "units": "nm", "title": r"a\x1b"},
        **{"history": [r"b\x1b"], "low": 1.0, "high": 2.0},
    }
