"""Tests of dlss_tf.data.crops: a stream that is repeatable and resumable, and passes over bad files."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from data.tiff_files import make_bad_files, picture, write
from golden import trace

from dlss_tf.data.crops import CropStream, scale_to_unit
from dlss_tf.errors import InputError


@pytest.fixture(scope="module")
def good_files(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("good")
    return [write(folder / f"{i:03}.tif", picture(seed=i)) for i in range(120)]


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
    golden, rows = trace("inputs"), [3, 5, 100]
    crop = np.random.RandomState(0).rand(512, 512).astype(np.float32) * 7 - 2
    crop[3, 4], crop[100, 200], crop[5, 6] = np.nan, np.inf, -np.inf
    scaled = scale_to_unit(crop).numpy()
    np.testing.assert_allclose(scaled[rows], golden["nonfinite_out_rows01"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose([scaled.min(), scaled.max()], (golden["nonfinite_minmax_after"] + 1) / 2)


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


def test_workers_read_parts_of_the_same_batches(good_files):
    """Batches of 5 from position 3 on, dealt to three readers: together they are the stream's, over an epoch's end."""
    whole = take(CropStream(good_files, 20, batch=5, seed=9, position=3), 30)
    parts = [slice(0, 1), slice(1, 3), slice(3, 5)]
    dealt = [take(CropStream(good_files, 20, batch=5, seed=9, position=3, part=part), 30) for part in parts]
    for expected, *found in zip(whole, *dealt):
        batches = [each.reshape(30, part.stop - part.start, *each.shape[1:]) for each, part in zip(found, parts)]
        np.testing.assert_array_equal(np.concatenate(batches, 1).reshape(expected.shape), expected)
