import itertools

import numpy as np
import pytest
import tensorflow as tf
import tifffile

from dlss_tf.data import augment
from dlss_tf.data.crops import CropStream
from dlss_tf.data.files import balanced


def keys(count):
    return [tf.constant([7, i], tf.int64) for i in range(count)]


def test_zoom_is_1_half_of_the_time_and_within_its_limits():
    zooms = np.array([augment.zoom(key) for key in keys(400)])
    assert 0.42 < np.mean(zooms == 1) < 0.58
    others = zooms[zooms != 1]
    assert others.min() >= 1 / 1.6 - 1e-6
    assert others.max() <= 1.6 + 1e-6
    assert 0.35 < np.mean(others > 1) < 0.65
    np.testing.assert_array_equal(zooms[:20], [augment.zoom(key) for key in keys(20)])


def test_resampling_keeps_a_slow_wave_and_averages_noise_where_it_shrinks(rng):
    def wave(n):
        return np.add.outer(*2 * [np.sin(2 * np.pi * (np.arange(n) + 0.5) / n)])  # pixel centres of one period

    small = augment.resample(tf.constant(wave(96), tf.float32), 64)
    np.testing.assert_allclose(small[2:-2, 2:-2], wave(64)[2:-2, 2:-2], atol=0.01)
    large = augment.resample(tf.constant(wave(48), tf.float32), 64)
    np.testing.assert_allclose(large[2:-2, 2:-2], wave(64)[2:-2, 2:-2], atol=0.01)
    noise = tf.constant(rng.normal(size=(102, 102)), tf.float32)
    assert 0.4 < float(tf.math.reduce_std(augment.resample(noise, 64))) < 0.8
    np.testing.assert_array_equal(augment.resample(noise, 102), noise)


def test_variations_of_a_grey_ramp():
    ramp = tf.constant(np.linspace(0, 1, 64 * 64).reshape(64, 64), tf.float32)
    varied = [augment.vary(ramp, key).numpy() for key in keys(200)]
    noisy = [np.diff(image.ravel()[1:]).std() > 1e-3 for image in varied]
    assert 0.2 < np.mean(noisy) < 0.4
    clean = [image for image, bad in zip(varied, noisy) if not bad]
    falling = [image[0, 0] > image[-1, -1] for image in clean]
    assert 0.03 < np.mean(falling) < 0.2
    assert all(image.min() == pytest.approx(0, abs=1e-6) and image.max() == pytest.approx(1) for image in clean)
    middles = np.array([image[32, 0] for image, down in zip(clean, falling) if not down])
    assert 0.4 < np.mean(np.abs(middles - 0.5) < 0.01) < 0.6
    assert middles.min() >= 0.5**1.8 - 0.01
    assert middles.max() <= 0.5 ** (1 / 1.8) + 0.01


def test_stream_of_varied_crops_is_repeatable_and_scaled(tmp_path, rng):
    for i in range(6):
        tifffile.imwrite(tmp_path / f"{i}.tif", rng.random((80, 64), np.float32) * 100)
    files = [str(tmp_path / f"{i}.tif") for i in range(6)]
    streams = [CropStream(files, 64, batch=2, seed=5, augment=True) for _ in range(2)]
    first, again = ([crop.numpy() for _, crop in itertools.islice(iter(stream), 20)] for stream in streams)
    np.testing.assert_array_equal(first, again)
    crops = np.concatenate(first)
    np.testing.assert_allclose(crops.min((1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(crops.max((1, 2, 3)), 1, atol=1e-6)
    resumed = CropStream(files, 64, batch=2, seed=5, position=10, augment=True)
    np.testing.assert_array_equal(next(iter(resumed))[1], first[5])
    plain = [crop.numpy() for _, crop in itertools.islice(iter(CropStream(files, 64, batch=2, seed=5)), 20)]
    changed = [not np.allclose(a, b) for a, b in zip(np.concatenate(plain), crops)]
    assert 0.3 < np.mean(changed) < 0.9


def test_balanced_folders(tmp_path):
    for root, count in (("few", 2), ("many", 7)):
        (tmp_path / root / "train").mkdir(parents=True)
        for i in range(count):
            (tmp_path / root / "train" / f"{i}.tif").write_bytes(b"")
    files = balanced([str(tmp_path / "few"), str(tmp_path / "many")], "train")
    assert sum("few" in path for path in files) == 8
    assert sum("many" in path for path in files) == 7
