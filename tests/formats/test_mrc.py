import dataclasses
import importlib

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import mrc
from dlss_tf.micrograph import Micrograph

mrcfile = pytest.importorskip("mrcfile")


def test_pixel_size_is_in_angstrom_and_title_and_history_are_labels(tmp_path, rng):
    path, data = str(tmp_path / "image.mrc"), rng.random((4, 5)).astype(np.float32)
    mrc.write(path, Micrograph(data, (0.5, 0.25), "nm", "gold on Å", ("scanned", "x" * 200)))
    with mrcfile.open(path) as file:
        np.testing.assert_array_equal(file.data, data)
        assert (file.voxel_size.x, file.voxel_size.y) == pytest.approx((2.5, 5))
        labels = [label.decode() for label in file.header.label[: file.header.nlabl]]
    assert labels[-3:] == ["gold on ?", "scanned", "x" * 79]


@pytest.mark.parametrize(("dtype", "written"), [("i2", "i2"), ("u2", "u2"), ("f8", "f4"), ("i8", "f4")])
def test_a_stack_of_images_is_one(tmp_path, dtype, written):
    path = str(tmp_path / "stack.mrc")
    mrc.write(path, Micrograph(np.arange(24).reshape(2, 3, 4).astype(dtype)))
    with mrcfile.open(path) as file:
        assert file.is_image_stack() and file.data.dtype == np.dtype(written)
        np.testing.assert_array_equal(file.data, np.arange(24).reshape(2, 3, 4))


def patched(path, offset, *values, kind="<i4"):
    content = bytearray(path.read_bytes())
    packed = np.array(values, kind).tobytes()
    content[offset : offset + len(packed)] = packed
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("stamp", "limits", "dtype"),
    [
        (None, (-32, 31), "i1"),  # MRC2014
        (None, (0, 255), "u1"),  # of programs before it
        (None, (0, -1), "i1"),  # limits that are not known
        (0, (-32, 31), "u1"),  # IMOD's
        (1, (0, 255), "i1"),
    ],
)
def test_bytes_have_the_sign_that_the_header_says(tmp_path, stamp, limits, dtype):
    data = np.arange(-32, 32).reshape(8, 8).astype(np.int8)
    mrc.write(str(tmp_path / "a.mrc"), Micrograph(data, (1.0, 1.0), "nm"))
    patched(tmp_path / "a.mrc", 76, *limits, kind="<f4")
    if stamp is not None:
        patched(tmp_path / "a.mrc", 152, mrc.IMOD_STAMP, stamp)
    found = micrograph.read(str(tmp_path / "a.mrc")).data
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found.view("i1"), data)


@pytest.mark.parametrize(("offset", "kind"), [(28, "<i4"), (40, "<f4")])
def test_no_size_is_none(tmp_path, offset, kind):
    """Neither intervals nor lengths of 0 make one."""
    mrc.write(str(tmp_path / "a.mrc"), Micrograph(np.eye(8, dtype="f4"), (1.0, 1.0), "nm"))
    patched(tmp_path / "a.mrc", offset, 0, 0, kind=kind)
    with pytest.warns(UserWarning, match=r"a\.mrc: expected positive numbers as the pixel size, found 0"):
        assert micrograph.read(str(tmp_path / "a.mrc")).pixel_size is None


def test_what_mrc_does_not_hold_is_said(tmp_path):
    path = str(tmp_path / "a.mrc")
    with pytest.warns(UserWarning, match=r"a\.mrc: MRC has no unit px; the pixel size is left out"):
        micrograph.write(path, Micrograph(np.eye(8, dtype="f4"), (0.2, 0.2)))
    with pytest.warns(UserWarning, match=r"a\.mrc: float32, the only type of this format for float64, rounds values"):
        micrograph.write(path, Micrograph(np.eye(8) + 1e10))


@pytest.mark.parametrize(
    ("offset", "values", "found"),
    [
        (0, (2**24, 2**25, 24), "16777216x33554432x24 px"),
        (8, (2,), r"8x8x2 px in 1536 bytes as it says, found 1280 bytes"),
        (0, (-8,), "-8x8x1 px"),
        (92, (-1,), "8x8x1 px in 1279 bytes"),
        (92, (2**31 - 1,), "8x8x1 px"),
    ],
)
def test_a_header_that_promises_more_than_there_is(tmp_path, offset, values, found):
    mrc.write(str(tmp_path / "a.mrc"), Micrograph(np.ones((8, 8), np.float32), (1.0, 1.0), "nm"))
    patched(tmp_path / "a.mrc", offset, *values)
    with pytest.raises(InputError, match=rf"a\.mrc: expected {found}"):
        micrograph.read(str(tmp_path / "a.mrc"))


def test_half_a_header(tmp_path):
    (tmp_path / "a.mrc").write_bytes(b"\1" * 500)
    with pytest.raises(InputError, match="expected the 1024 bytes of an MRC header, found 500"):
        micrograph.read(str(tmp_path / "a.mrc"))


def test_where_it_came_from_is_an_extended_header(tmp_path, image):
    """That other programs read over; the digests are labels, too."""
    path = str(tmp_path / "a.mrc")
    made = {"generator": {"sha256": "a" * 64}, "source": {"file": "é.dm4", "sha256": "b" * 64}}
    micrograph.write(path, dataclasses.replace(image, provenance=made))
    assert mrcfile.validate(path)
    with mrcfile.open(path) as file:
        np.testing.assert_array_equal(file.data, image.data)
        text = file.extended_header.tobytes()
        assert len(text) % 80 == 0 and 'dlss_tf.source.file: "é.dm4"' in text.decode()
        assert file.get_labels()[-2:] == ["generator " + "a" * 64, "source " + "b" * 64]
    dataset = importlib.import_module("rsciio.mrc").file_reader(path)[0]
    np.testing.assert_array_equal(dataset["data"], image.data)


def test_what_is_too_long_for_an_extended_header_is_said(tmp_path, image):
    path = str(tmp_path / "a.mrc")
    long = dataclasses.replace(image, provenance={f"a{number}": "x" * 5000 for number in range(14)})
    with pytest.warns(UserWarning, match="where it came from take more than 65520 bytes; labels have some"):
        micrograph.write(path, long)
    assert micrograph.read(path).provenance == {}


def test_extended_headers_of_others_are_no_notes(tmp_path, image):
    path = tmp_path / "a.mrc"
    micrograph.write(str(path), dataclasses.replace(image, provenance={"factor": 5}))
    path.write_bytes(path.read_bytes().replace(b"Title: ", b"\xff\xfe\x1b  x "))
    found = micrograph.read(str(path))
    np.testing.assert_array_equal(found.data, image.data)
    assert found.provenance == {} and found.history == ()
