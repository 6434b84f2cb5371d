import io
import re

import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import kinds

PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head></html>"


def npy():
    file = io.BytesIO()
    np.save(file, np.eye(9))
    return file.getvalue()


def tiff():
    file = io.BytesIO()
    tifffile.imwrite(file, np.eye(9, dtype="f4"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.dm3", PAGE, "a web page, as a server gives .*; download it again"),
        ("a.xml", b"<?xml version='1.0'?>\n<!-- a -->\n<HTML>", "a web page.*"),
        ("a.dm4", b"version https://git-lfs.github.com/spec/v1\n", "what Git LFS has .*; git lfs pull fetches it"),
        ("a.ome.tif", b"\x89PNG\r\n\x1a\n" + bytes(9), "a PNG image; call it a.png"),
        ("a.png", npy(), "an array of NumPy's; call it a.npy"),
        ("a.b.emd", tiff(), "a TIFF image; call it a.b.tif"),
        ("a.tif", b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file; call it a.h5"),
        ("a.tif", b"\0\0\0\3\0\1\2\3\0\0\0\1" + bytes(9), "a DigitalMicrograph file; call it a.dm3"),
        ("a.mrc", b"\0\0\0\4" + bytes(8) + b"\0\0\0\1" + bytes(9), "a DigitalMicrograph file; call it a.dm4"),
        ("a.emi", b"II\x97\1" + bytes(99), "a series of TIA's; call it a.ser"),
        ("a.tif", b"\xff\xd8\xff\xe0", "a JPEG picture, .*; export a TIFF"),
        ("a.tif", b"%PDF-1.7\n\x93", "a PDF document; export a TIFF"),
        ("a.dm4", b"PK\3\4\x93", "a ZIP archive, as .npz are, too; unpack it"),
        ("a.dm4", b"\x1f\x8b\x08\0", "a packed file; unpack it"),
        ("a.dm4", bytes(5000), "nothing but zeros, as after a copy that failed; copy it again"),
        ("a.dm4", "Für später: 5 µm\n".encode(), "text, not an image"),
        ("a.dm4", b"a" * 511 + "µ".encode(), "text, not an image"),  # of which the first bytes end within a character
    ],
)
def test_what_a_file_is(tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    assert re.fullmatch(told, kinds.other_than(str(path), micrograph.suffix_of(name)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.emd", b"\x89HDF\r\n\x1a\n damaged"),
        ("a.dm3", b"\0\0\0\4" + bytes(8) + b"\0\0\0\1" + bytes(9)),  # what is in it is read under either name
        ("a.prz", b"PK\3\4"),
        ("a.rpl", b"key\tvalue\n"),
        ("a.xml", b"<scan/>"),
        ("a.ser", bytes(4999) + b"\1"),
        ("a.dm4", b"\x93 \1\2 no one knows"),
        ("a.dm4", b"sometimes\x93\x94 binary"),
    ],
)
def test_what_may_be_what_it_says_is_not_told(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert kinds.other_than(str(tmp_path / name), micrograph.suffix_of(name)) is None


def test_what_cannot_be_looked_at_is_not_told(tmp_path):
    assert kinds.other_than(str(tmp_path), ".zspy") is None
    assert kinds.other_than(str(tmp_path / "none.tif"), ".tif") is None


@pytest.mark.parametrize("suffix", [".dm3", ".dm4", ".tif", ".ome.tif", ".png", ".npy", ".emd", ".h5", ".mrc", ".ser"])
def test_a_web_page_under_any_name_is_told(tmp_path, suffix):
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(PAGE * 30)
    with pytest.raises(InputError, match=rf"^{path}: expected a {suffix} image, found a web page, as a server gives"):
        micrograph.read(str(path))


def test_what_is_read_is_left_alone(tmp_path):
    """Whatever it is called: DigitalMicrograph's versions, and pictures that Pillow knows."""
    (tmp_path / "a.png").write_bytes(tiff())
    assert micrograph.read(str(tmp_path / "a.png")).data.shape == (9, 9)
    with pytest.raises(InputError, match="expected an image called BF, found 1"):
        micrograph.read(str(tmp_path / "a.png"), "BF")
