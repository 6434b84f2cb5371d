"""Tests of dlss_tf.data.crops: TIFF decoding, bad files, and a stream that is repeatable and resumable."""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tifffile
from absl import logging as absl_logging

from dlss_tf.data import crops
from dlss_tf.data.crops import BadFiles, CropStream, decode_tiff, list_files, read_tiff, scale_to_unit
from dlss_tf.errors import InputError

GOLDEN = Path(__file__).resolve().parents[2] / ".." / "shared" / "golden" / "inputs.npz"
DTYPES = ["uint8", "uint16", "float32", "float64"]


def picture(shape=(32, 32), dtype="float32", seed=0) -> np.ndarray:
    return (np.random.default_rng(seed).random(shape) * 250).astype(dtype)


def write(path, image, **options) -> str:
    tifffile.imwrite(path, image, **options)
    return str(path)


@pytest.fixture(scope="module")
def good_files(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("good")
    return [write(folder / f"{i:03}.tif", picture(seed=i)) for i in range(120)]


@pytest.fixture(scope="module")
def decode():
    """decode_tiff in a graph, as the stream runs it."""
    return tf.function(decode_tiff, input_signature=[tf.TensorSpec([], tf.string)])


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    lines = []
    monkeypatch.setattr(absl_logging, "warning", lambda text, *values: lines.append(text % values))
    return lines


def take(stream, count):
    """Positions [count * batch] and crops [count * batch, size, size] of a stream's first elements."""
    positions, images = zip(*((p.numpy(), c.numpy()) for p, c in itertools.islice(iter(stream), count)), strict=True)
    return np.concatenate(positions), np.concatenate(images)[..., 0]


def contents_key(image) -> bytes:
    """The same for all 8 symmetries of a scaled image, different for different files."""
    return np.sort(np.asarray(image).ravel()).tobytes()


def symmetries(image):
    for rotated in (image, image.T):
        for rows, columns in itertools.product((1, -1), repeat=2):
            yield rotated[::rows, ::columns]


# --- Listing ---------------------------------------------------------------------------------------------------------


def test_list_files_is_sorted_within_each_root(tmp_path):
    for root, names in (("b", ["2.tif", "10.TIFF", "x.png"]), ("a", ["1.tif"])):
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


# --- Decoding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("layout", [{}, {"rowsperstrip": 5}, {"rowsperstrip": 11, "metadata": None}])
def test_uncompressed_files_are_decoded_in_the_graph(tmp_path, decode, dtype, order, layout):
    image = picture((21, 30), dtype)  # 2 strips of uint8 keep their table in the directory entry, others elsewhere
    path = write(tmp_path / "x.tif", image, byteorder=order, **layout)
    decoded, could = decode(tf.io.read_file(path))
    assert could
    assert decoded.dtype == tf.float32
    np.testing.assert_array_equal(decoded, image.astype("float32"))
    np.testing.assert_array_equal(read_tiff(path), image.astype("float32"))


def test_decode_tiff_reads_signed_half_and_not_finite_pixels(tmp_path):
    for dtype in ("int8", "int16", "int32", "float16"):
        image = (picture((5, 7)) / 2 - 100).astype(dtype)
        decoded, could = decode_tiff(tf.io.read_file(write(tmp_path / "x.tif", image)))
        assert could
        np.testing.assert_array_equal(decoded, image.astype("float32"))
    image = np.array([[np.nan, 1.0], [np.inf, -np.inf]])
    decoded, _ = decode_tiff(tf.io.read_file(write(tmp_path / "x.tif", image)))
    np.testing.assert_array_equal(decoded, image)


def test_what_only_tifffile_decodes_is_left_to_it(tmp_path, decode):
    image = picture((32, 32), "uint16")
    layouts = [{"compression": "zlib"}, {"bigtiff": True}, {"tile": (16, 16)}, {"predictor": 2, "compression": "zlib"}]
    try:
        import imagecodecs  # noqa: F401

        layouts += [{"compression": "lzw"}, {"compression": "zstd"}]
    except ImportError:
        pass
    for layout in layouts:
        path = write(tmp_path / "x.tif", image, **layout)
        decoded, could = decode(tf.io.read_file(path))
        assert not could and decoded.shape == (0, 0), layout
        np.testing.assert_array_equal(read_tiff(path), image.astype("float32"), err_msg=str(layout))
    for several in (picture((3, 8, 8)), picture((8, 8, 3), "uint8")):
        assert not decode(tf.io.read_file(write(tmp_path / "x.tif", several)))[1]


def test_read_tiff_drops_single_axes(tmp_path):
    path = write(tmp_path / "x.tif", picture((1, 1, 6, 5)), metadata=None)
    np.testing.assert_array_equal(read_tiff(path), picture((6, 5)))
    assert read_tiff(write(tmp_path / "x.tif", picture((6, 1)))).shape == (6, 1)


def test_decode_tiff_never_raises_on_damaged_files(tmp_path, decode):
    """Mutated headers and directories, cut files and noise: never an error, and never pixels that tifffile denies."""
    path = tmp_path / "x.tif"
    layouts = [{"byteorder": order, **more} for order in "<>" for more in ({}, {"rowsperstrip": 3})]
    files = []
    for dtype, layout in itertools.product(("uint8", "float32"), layouts):
        write(path, picture((9, 8), dtype), metadata=None, **layout)
        files.append(path.read_bytes())
    draw = random.Random(1)
    damaged = [files[0][:length] for length in range(0, len(files[0]), 3)]
    damaged += [b"II*\0" + draw.randbytes(200) for _ in range(100)] + [draw.randbytes(50) for _ in range(50)]
    for _ in range(600):
        data = bytearray(draw.choice(files))
        for _ in range(draw.randint(1, 3)):
            data[draw.randrange(len(data))] = draw.choice([0, 1, 2, 4, 8, 255, draw.randrange(256)])
        damaged.append(bytes(data))
    decoded_files = 0
    for data in damaged:
        image, could = decode(data)
        assert image.numpy().size > 0 if could else image.shape == (0, 0)
        decoded_files += bool(could)
        if could:
            path.write_bytes(data)
            try:
                expected = read_tiff(str(path))
            except InputError:
                continue  # tifffile also checks tags that do not matter here
            np.testing.assert_array_equal(image, expected)
    assert 50 < decoded_files < len(damaged) - 200  # both outcomes were tried


# --- Intensities -----------------------------------------------------------------------------------------------------


def test_scale_to_unit():
    np.testing.assert_allclose(scale_to_unit(np.array([[-2, 0], [1, 2]], "int16")), [[0, 0.5], [0.75, 1]])
    np.testing.assert_allclose(scale_to_unit(np.array([[np.nan, -1], [np.inf, 3]])), [[0.25, 0], [0.25, 1]])
    np.testing.assert_array_equal(scale_to_unit(np.full([2, 3], 7.0)), np.full([2, 3], 0.5))
    np.testing.assert_array_equal(scale_to_unit(np.array([[0, 9e-7]])), [[0.5, 0.5]])
    np.testing.assert_array_equal(scale_to_unit(np.array([[0, 2e-6]])), [[0, 1]])
    np.testing.assert_array_equal(scale_to_unit(np.array([[3e38, -3e38]])), [[0.5, 0.5]])
    np.testing.assert_array_equal(scale_to_unit(tf.constant([[1e38, -1e38]])), [[1, 0]])
    assert scale_to_unit(np.zeros([2, 2], "uint8")).dtype == tf.float32


def test_scale_to_unit_agrees_with_the_published_code():
    if not GOLDEN.exists():
        pytest.skip("the reference traces (../shared/golden) are not here")
    golden = np.load(GOLDEN)
    crop = np.random.RandomState(0).rand(512, 512).astype(np.float32) * 7 - 2  # golden["nonfinite_seed_note"]
    crop[3, 4], crop[100, 200], crop[5, 6] = np.nan, np.inf, -np.inf
    rows = [int(np.flatnonzero((crop == row).sum(1) > 500)[0]) for row in golden["nonfinite_input_rows"]]
    assert sorted(rows) == [3, 5, 100]
    scaled = scale_to_unit(crop).numpy()
    np.testing.assert_allclose(scaled[rows], golden["nonfinite_out_rows01"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose([scaled.min(), scaled.max()], (golden["nonfinite_minmax_after"] + 1) / 2)


# --- Bad files -------------------------------------------------------------------------------------------------------


def make_bad_files(folder) -> dict[str, str]:
    """Path of a bad file of each sort: words that its warning must hold."""
    folder.mkdir(exist_ok=True)
    whole = Path(write(folder / "whole", picture())).read_bytes()
    packed = Path(write(folder / "packed", picture(), compression="zlib")).read_bytes()
    damaged = packed[:-2000] + bytes(2000)
    contents = {
        "empty": (b"", "is empty"),
        "text": (b"not a TIFF at all", "cannot be read as a TIFF"),
        "header": (whole[:6], "cannot be read as a TIFF"),
        "truncated": (whole[:-9], "is truncated"),
        "packed_truncated": (packed[:-9], "is truncated"),
        "damaged": (damaged, "cannot be read as a TIFF"),
        "nan": (np.full([32, 32], np.nan), "holds no finite value"),
        "stack": (picture((3, 32, 32)), "shape (3, 32, 32)"),
        "colour": (picture((32, 32, 3), "uint8"), "shape (32, 32, 3)"),
        "complex": (picture().astype("complex64"), "holds complex64"),
        "small": (picture((31, 40)), "has 31 x 40 pixels"),
        "missing": (None, "cannot be read: No such file"),
    }
    words = {}
    for name, (data, message) in contents.items():
        path = folder / f"{name}.tif"
        if isinstance(data, bytes):
            path.write_bytes(data)
        elif data is None:
            path.symlink_to(folder / "nothing")
        else:
            write(path, data, **({"photometric": "rgb"} if name == "colour" else {}))
        words[str(path)] = message
    return words


def test_read_tiff_says_what_is_wrong(tmp_path, caplog, capfd):
    for path, words in make_bad_files(tmp_path / "bad").items():
        if path.endswith("small.tif"):
            continue  # too small for a stream, but an image
        with pytest.raises(InputError) as caught:
            read_tiff(path)
        message = str(caught.value)
        assert message.startswith(path) and words in message and message.endswith(".") and "\n" not in message
    assert not caplog.records and not capfd.readouterr().err  # tifffile is silent


def test_bad_files_are_named_once_counted_and_skipped(tmp_path, good_files, warnings):
    sorts = ("text", "truncated", "nan", "stack", "small", "missing")
    bad = {path: words for path, words in make_bad_files(tmp_path / "bad").items() if Path(path).stem in sorts}
    stream = CropStream(good_files * 5 + list(bad), 32, batch=4, seed=5)
    epoch = len(stream.files)
    positions, images = take(stream, 2 * len(good_files) * 5 // 4)

    assert stream.bad.count == len(bad) == len(warnings) == 6
    for path, words in bad.items():
        (line,) = [line for line in warnings if path in line]
        assert words in line
    assert (np.diff(positions) > 0).all()
    skipped = sorted(set(range(2 * epoch)) - set(positions.tolist()))
    expected = [i for i in range(2 * epoch) if stream._path(tf.constant(i, tf.int64)).numpy().decode() in bad]
    assert skipped == expected and len(skipped) == 12
    known = {contents_key(scale_to_unit(picture(seed=i))) for i in range(120)}
    assert {contents_key(image) for image in images} == known


def test_too_many_bad_files_stop_the_stream(tmp_path, good_files, warnings):
    bad = [path for path in make_bad_files(tmp_path / "bad") if path.endswith(("text.tif", "nan.tif"))]
    stream = CropStream(good_files[:100] + bad, 32)
    for _ in range(2):  # iterated anew it fails again
        with pytest.raises(InputError) as caught:
            take(stream, 204)
        message = str(caught.value)
        assert message.startswith("2 of 102 files in ") and "more than 1 in 100; the last: " in message
        assert any(path in message for path in bad) and str(tmp_path / "bad") in message and "\n" not in message
    assert len(warnings) == 2


def test_no_good_file_stops_the_stream(tmp_path, warnings):
    path = write(tmp_path / "x.tif", np.full([8, 8], np.nan))
    stream = CropStream([path], 8)
    for _ in range(2):
        with pytest.raises(InputError, match=f"^None of the 1 files in {tmp_path} can be used; the last: {path}"):
            next(iter(stream))
    with pytest.raises(InputError, match="at least one file"):
        CropStream([], 8)
    with pytest.raises(InputError, match="size must be at least 1, not 0"):
        CropStream([path], 0)


def test_bad_files_limit_is_one_in_a_hundred(warnings):
    bad = BadFiles(200, "here")
    for path in ("a", "b", "a"):
        bad.report(path, f"{path} is empty.")
    assert bad.count == len(warnings) == 2
    assert bad.reason("a") == "a is empty." and bad.reason("c") is None
    for _ in range(2):
        with pytest.raises(InputError, match="^3 of 200 files in here are bad, more than 1 in 100; the last: c is"):
            bad.report("c", "c is empty.")


# --- The stream ------------------------------------------------------------------------------------------------------


def test_uncompressed_files_pass_without_python(tmp_path, monkeypatch):
    files, known = [], set()
    for number, (dtype, order) in enumerate(itertools.product(DTYPES, "<>")):
        image = picture((16, 16), dtype, seed=number)
        files.append(write(tmp_path / f"{number}.tif", image, byteorder=order))
        known.add(contents_key(scale_to_unit(image.astype("float32"))))
    slow = []
    monkeypatch.setattr(crops, "read_tiff", lambda path: slow.append(path) or read_tiff(path))
    _, images = take(CropStream(files, 16), len(files))
    assert not slow
    assert images.dtype == np.float32 and {contents_key(image) for image in images} == known

    packed = write(tmp_path / "packed.tif", picture((16, 16)), compression="zlib")
    _, images = take(CropStream([packed], 16), 2)
    assert set(slow) == {packed}  # the stream does ask read_tiff where it must
    assert contents_key(images[1]) == contents_key(scale_to_unit(picture((16, 16))))


def test_a_seed_repeats_and_every_epoch_differs(good_files):
    positions, images = take(CropStream(good_files, 32, batch=5, seed=3), 48)
    again, other = (take(CropStream(good_files, 32, batch=1, seed=seed), 240)[1] for seed in (3, 4))
    np.testing.assert_array_equal(positions, np.arange(240))
    np.testing.assert_array_equal(images, again)
    assert images.min() == 0 and images.max() == 1

    orders = [[contents_key(image) for image in part] for part in (images[:120], images[120:], other[:120])]
    assert len(set(orders[0])) == 120  # each file once an epoch
    assert set(orders[0]) == set(orders[1]) == set(orders[2])
    for first, second in itertools.combinations(orders, 2):
        assert sum(a == b for a, b in zip(first, second, strict=True)) < 12
    second = {contents_key(image): image for image in images[120:]}
    turned = sum(not np.array_equal(image, second[contents_key(image)]) for image in images[:120])
    assert 90 < turned < 120  # 7 in 8 are seen under another symmetry


def test_the_order_is_the_same_on_every_machine(good_files):
    """Pinned, because a run trained with one TensorFlow version may be resumed with another."""
    stream = CropStream(good_files, 32, seed=3)
    order = [good_files.index(stream._path(tf.constant(k, tf.int64)).numpy().decode()) for k in (0, 1, 2, 120, 121)]
    assert order == [49, 117, 51, 10, 34]
    position, crop = next(iter(CropStream(good_files, 32, seed=3, position=10**12)))
    assert position.numpy().tolist() == [10**12]
    np.testing.assert_allclose(crop[0, 0, :3, 0], [0.1605162, 0, 0.2164306], atol=1e-6)


def test_a_stream_resumes_from_a_position(good_files):
    stream = CropStream(good_files, 20, batch=2, seed=9)
    positions, images = take(stream, 70)  # more than an epoch
    at = int(positions[60]) + 1
    later, continued = take(CropStream(good_files, 20, batch=1, seed=9, position=at), 79)
    np.testing.assert_array_equal(later, positions[61:140])
    np.testing.assert_array_equal(continued, images[61:140])


def test_crops_lie_anywhere_in_larger_images_under_any_symmetry(tmp_path):
    image = picture((9, 13))
    known = {}
    for top, left in itertools.product(range(2), range(6)):
        scaled = scale_to_unit(image[top : top + 8, left : left + 8]).numpy()
        for number, turned in enumerate(symmetries(scaled)):
            known[turned.tobytes()] = (top, left, number)
    assert len(known) == 96
    _, images = take(CropStream([write(tmp_path / "x.tif", image)], 8, batch=50), 20)
    counts = dict.fromkeys(known.values(), 0)
    for crop in images:
        counts[known[crop.tobytes()]] += 1  # KeyError: not a part of the image
    assert min(counts.values()) >= 1 and max(counts.values()) < 35  # 10.4 expected
