"""Tests of dlss_tf.data.files: listing, reading any TIFF, and counting what cannot be read."""

import os

import numpy as np
import pytest
from data.tiff_files import make_bad_files, picture, write

from dlss_tf.data.files import BadFiles, digest_of_names, list_files, read_tiff
from dlss_tf.errors import InputError


def test_list_files_is_sorted_within_each_root(tmp_path):
    for root, names in (("b", ["2.tif", "10.TIFF", "x.png", ".1.part.tif"]), ("a", ["1.tif"])):
        (tmp_path / root / "val" / "folder.tif").mkdir(parents=True)
        for name in names:
            (tmp_path / root / "val" / name).touch()
    found = list_files([str(tmp_path / "b"), str(tmp_path / "a")], "val")
    assert [os.path.relpath(path, tmp_path) for path in found] == ["b/val/10.TIFF", "b/val/2.tif", "a/val/1.tif"]


def test_list_files_names_the_missing_or_empty_folder(tmp_path):
    (tmp_path / "root" / "val").mkdir(parents=True)
    for root, split, folder in (("no", "val", "no"), ("root", "train", "root/train"), ("root", "val", "root/val")):
        with pytest.raises(InputError, match=f"{tmp_path / folder} (does not exist|holds no)"):
            list_files([str(tmp_path / root)], split)
    with pytest.raises(InputError, match="No data folder"):
        list_files([], "val")


def test_what_to_give_in_place_of_a_folder_without_splits(tmp_path):
    for path in ("mine/train/a.tif", "mine/val/a.tif", "loose/a.tif", "loose/b.TIFF", "empty/notes.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for root, instead in (
        ("mien", f"/mien/test/*.tif; did you mean {tmp_path}/mine?"),
        ("mine/val", f"; did you mean {tmp_path}/mine, which holds val?"),
        ("mine", "; it has train and val alone."),
        ("loose", f"; move the 2 TIFF files in {tmp_path}/loose into its folders train, val and test."),
        ("empty", f"expected {tmp_path}/empty/test/*.tif."),
    ):
        with pytest.raises(InputError) as raised:
            list_files([str(tmp_path / root)], "test")
        assert str(raised.value).endswith(instead)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", "int8", "int16", "int32", "float16"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_types_and_byte_orders(tmp_path, dtype, order):
    image = (picture((21, 30)) / 2).astype(dtype)
    found = read_tiff(write(tmp_path / "x.tif", image, byteorder=order, rowsperstrip=5))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, image.astype("float32"))


def test_layouts_and_compressions(tmp_path):
    imagecodecs = pytest.importorskip("imagecodecs")
    assert imagecodecs
    image = picture((32, 32), "uint16")
    layouts = [{"bigtiff": True}, {"tile": (16, 16)}, {"predictor": 2, "compression": "zlib"}]
    layouts += [{"compression": name} for name in ("zlib", "lzw", "zstd")]
    for layout in layouts:
        path = write(tmp_path / "x.tif", image, **layout)
        np.testing.assert_array_equal(read_tiff(path), image.astype("float32"), err_msg=str(layout))


def test_single_pixels_that_are_not_finite_stay(tmp_path):
    image = np.array([[np.nan, 1.0], [np.inf, -np.inf]])
    np.testing.assert_array_equal(read_tiff(write(tmp_path / "x.tif", image)), image)


def test_read_tiff_drops_single_axes(tmp_path):
    path = write(tmp_path / "x.tif", picture((1, 1, 6, 5)), metadata=None)
    np.testing.assert_array_equal(read_tiff(path), picture((6, 5)))
    assert read_tiff(write(tmp_path / "x.tif", picture((6, 1)))).shape == (6, 1)


def test_read_tiff_says_what_is_wrong(tmp_path, caplog, capfd):
    for path, words in make_bad_files(tmp_path / "bad").items():
        if path.endswith("small.tif"):
            continue  # too small for a stream, but an image
        with pytest.raises(InputError) as caught:
            read_tiff(path)
        message = str(caught.value)
        assert message.startswith(path) and words in message and message.endswith(".") and "\n" not in message
    assert not caplog.records and not capfd.readouterr().err  # tifffile is silent


def test_bad_files_limit_is_one_in_a_hundred(warnings):
    bad = BadFiles(200, "here")
    for path in ("a", "b", "a"):
        bad.report(path, f"{path} is empty.")
    assert bad.count == len(warnings) == 2
    assert bad.reason("a") == "a is empty." and bad.reason("c") is None
    for _ in range(2):
        with pytest.raises(InputError, match="^3 of 200 files in here are bad, more than 1 in 100; the last: c is"):
            bad.report("c", "c is empty.")


def test_an_offset_far_above_the_range_is_left_out(tmp_path):
    """Crops are scaled by their own range, of which float32 would leave nothing."""
    steps = np.arange(16 * 16, dtype=float).reshape(16, 16)
    write(tmp_path / "a.tif", steps + 1e10)
    np.testing.assert_array_equal(read_tiff(str(tmp_path / "a.tif")), steps)


def test_files_are_told_by_names_and_order():
    digest = digest_of_names(["a/1.tif", "a/2.tif"])
    assert digest_of_names(["elsewhere/1.tif", "b/2.tif"]) == digest
    assert digest not in (digest_of_names(["a/2.tif", "a/1.tif"]), digest_of_names(["a/1.tif"]))
