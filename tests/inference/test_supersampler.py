import os
import shutil

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import Supersampler
from dlss_tf.errors import InputError
from dlss_tf.inference.options import Options
from dlss_tf.models import one_stage


@pytest.fixture(scope="module")
def supersampler(tiny_run, runtime):
    return Supersampler(tiny_run, runtime=runtime)


@pytest.mark.parametrize("shape", [(16, 16), (9, 13), (2, 8, 8), (2, 1, 8, 8), (1, 20)])
@pytest.mark.parametrize("factor", [2, 5])
def test_gives_factor_times_the_sides(supersampler, rng, shape, factor):
    image = supersampler(rng.random(shape), factor)
    assert image.shape == (*shape[:-2], shape[-2] * factor, shape[-1] * factor)
    assert image.dtype == np.float32
    assert np.isfinite(image).all()


def test_is_in_the_scans_own_units(supersampler, rng):
    scan = rng.random((12, 12)).astype(np.float32)
    np.testing.assert_allclose(supersampler(scan * 1e3 - 50, 4), supersampler(scan, 4) * 1e3 - 50, rtol=1e-3, atol=0.1)


def test_stack_is_each_scan_by_itself(supersampler, rng):
    stack = rng.random((3, 8, 8)) * np.array([1, 10, 100])[:, None, None]
    for scan, image in zip(stack, supersampler(stack, 4), strict=True):
        np.testing.assert_allclose(image, supersampler(scan, 4), rtol=1e-4, atol=1e-4)


def test_other_sides_are_mirrored_to_a_multiple_of_32(supersampler, rng):
    inputs = rng.random((1, 64, 80, 1)).astype(np.float32)
    mirrored = np.concatenate([inputs, inputs[:, :, :63:-1]], axis=2)
    assert mirrored.shape[2] == 96
    np.testing.assert_allclose(supersampler.complete(inputs), supersampler.complete(mirrored)[:, :, :80], atol=1e-6)


def test_non_finite_samples_are_filled_from_their_neighbours(supersampler, rng):
    scan = rng.random((10, 10)).astype(np.float32)
    scan[2, 3] = np.delete(scan[1:4, 2:5].ravel(), 4).mean()
    broken = scan.copy()
    broken[2, 3] = np.nan
    np.testing.assert_allclose(supersampler(broken, 4), supersampler(scan, 4), atol=1e-5)


@pytest.fixture
def spoiled(rng):
    """A scan with a hot sample, one without a value and rows that were not scanned; and with NaN for all of these."""
    scan = rng.normal(20000, 30, (40, 32)).astype(np.float32)
    scan[7, 9], scan[3, 4], scan[36:] = 65535, np.nan, 0
    missing = np.where((scan == 65535) | (scan == 0), np.float32(np.nan), scan)
    return scan, missing


@pytest.mark.parametrize("how", [{}, {"refine": True, "deblur": "wiener"}, {"ensemble": True, "keep_known": True}])
def test_outliers_and_what_was_not_scanned_count_as_not_finite(supersampler, spoiled, how):
    """They are never put back, and are uncertain."""
    found, expected = (supersampler.run(scan, 4, Options(**how)) for scan in spoiled)
    for part, reference in zip(found, expected, strict=True):
        np.testing.assert_array_equal(part, reference)


def test_warns_of_samples_that_measure_nothing(supersampler, spoiled):
    with pytest.warns(UserWarning) as warned:
        supersampler(spoiled[0], 4)
    assert [str(warning.message).partition(";")[0] for warning in warned] == [
        "scan: 1 of 1280 samples are not finite",
        "scan: 128 of 1280 samples were not scanned, 1 are outliers",
    ]
    assert all(warning.filename == __file__ for warning in warned)


def test_outliers_are_kept_if_asked(supersampler, spoiled, recwarn):
    scan = np.nan_to_num(spoiled[0], nan=20000)
    image = supersampler(scan, 4, keep_outliers=True, keep_known=True)
    np.testing.assert_array_equal(image[::4, ::4], scan)
    assert not recwarn


def test_refuses_a_scan_without_finite_values(supersampler):
    with pytest.raises(InputError, match="scan: expected finite values, found none"):
        supersampler(np.full((2, 8, 8), np.nan), 4)


def test_a_constant_scan_passes_through(supersampler, rng):
    stack = np.stack([np.full((8, 8), 7.25), rng.random((8, 8))])
    images = supersampler(stack, 4)
    assert (images[0] == 7.25).all()
    np.testing.assert_allclose(images[1], supersampler(stack[1], 4), rtol=1e-4, atol=1e-4)


def test_known_pixels_are_put_back(supersampler, rng):
    scan = rng.random((9, 12)).astype(np.float32)
    scan[4, 5] = np.inf
    image, plain = supersampler(scan, 4, keep_known=True), supersampler(scan, 4)
    known = image[::4, ::4].copy()
    assert known[4, 5] == plain[16, 20]
    known[4, 5] = np.inf
    np.testing.assert_array_equal(known, scan)
    image[::4, ::4] = plain[::4, ::4]
    np.testing.assert_array_equal(image, plain)


def test_warns_of_a_factor_it_was_not_trained_for(supersampler, rng, recwarn):
    supersampler(rng.random((8, 8)), 10)
    assert not recwarn
    with pytest.warns(UserWarning, match="factor 12: this generator was trained for 4, 5, 6, 7, 8, 9, 10"):
        supersampler(rng.random((8, 8)), 12)


@pytest.mark.parametrize("tile", [256, 1000])
def test_refuses_other_tiles(tiny_run, tile):
    with pytest.raises(InputError, match=f"tile: expected a multiple of 32 px, at least 512, found {tile}"):
        Supersampler(tiny_run, tile=tile)


@pytest.fixture(scope="module")
def structured_scan():
    """A simulated scan, large enough for several tiles of 512 px at factor 5; [150, 133]."""
    from dlss_tf.simulation.crop import simulate_crop

    return simulate_crop(np.random.default_rng(3), 160)[:150, :133]


def test_tiled_is_the_untiled_image(structured_scan, runtime):
    whole = Supersampler(tile=1024, runtime=runtime)(structured_scan, 5)
    tiled = Supersampler(tile=512, runtime=runtime)(structured_scan, 5)
    assert whole.shape == (750, 665)
    assert np.abs(tiled - whole).max() < 0.01 * np.ptp(whole)
    assert (tiled != whole).any()  # it was tiled


def test_tiles_of_a_one_stage_generator_lie_on_the_lattice(tiny_one_stage_run, rng, runtime):
    """Where the network sees no border, a tile's samples give what the whole image's give there."""
    scan = np.tile(rng.random((8, 8)), (16, 16))
    image = Supersampler(tiny_one_stage_run, tile=512, runtime=runtime)(scan, 5)
    assert image.shape == (640, 640) and np.isfinite(image).all()


def test_progress_counts_every_pass(structured_scan, runtime):
    seen = []
    supersampler = Supersampler(tile=512, runtime=runtime)
    supersampler(structured_scan, 5, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i + 1, len(seen)) for i in range(len(seen))]


def test_what_progress_raises_ends_the_work(supersampler, rng):
    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        supersampler(rng.random((8, 8)), 4, on_progress=cancel)


@pytest.mark.parametrize("factor", [4, 5])
def test_images_of_an_ensemble_lie_on_one_another(factor, runtime):
    """A smooth scan's image is where the scan is to a quarter of a pixel, so every member's is."""
    y, x = np.mgrid[: 40 * factor, : 33 * factor] / factor
    truth = (np.sin(x / 2) + np.cos(y / 2.5)).astype(np.float32)
    supersampler, seen = Supersampler(runtime=runtime), []
    image, spread = supersampler.ensemble(truth[::factor, ::factor], factor, on_progress=lambda *n: seen.append(n))
    assert image.shape == spread.shape == truth.shape
    assert seen == [(i + 1, 8) for i in range(8)]

    def error(shift, axis):
        return np.mean((np.roll(image, shift, axis) - truth)[20:-20, 20:-20] ** 2)

    assert error(0, 0) < np.mean((supersampler(truth[::factor, ::factor], factor) - truth)[20:-20, 20:-20] ** 2)
    for axis in (0, 1):
        before, here, after = (error(shift, axis) for shift in (-1, 0, 1))
        assert abs((before - after) / (2 * (before - 2 * here + after))) < 0.25  # px, where the parabola is lowest


def test_ensemble_of_a_turned_scan_is_the_turned_ensemble(supersampler, rng):
    scan = rng.random((9, 13)).astype(np.float32)
    image, spread = supersampler.ensemble(scan, 5)
    turned, turned_spread = supersampler.ensemble(scan.T, 5)
    np.testing.assert_allclose(turned, image.T, atol=1e-5)
    np.testing.assert_allclose(turned_spread, spread.T, atol=1e-5)


def test_ensemble_is_certain_of_known_pixels_alone(supersampler, rng):
    scan = rng.random((2, 9, 12)).astype(np.float32)
    image, spread = supersampler.ensemble(scan, 4, keep_known=True)
    np.testing.assert_array_equal(image[:, ::4, ::4], scan)
    assert (spread[:, ::4, ::4] == 0).all() and (spread[:, 1::4] > 0).all()


@pytest.mark.parametrize("scan", [np.zeros(5), np.zeros((0, 4)), np.zeros((2, 0, 4, 4))])
def test_refuses_other_shapes(supersampler, scan):
    with pytest.raises(InputError, match="scan: expected an image"):
        supersampler(scan, 4)


def test_refuses_other_factors(supersampler):
    with pytest.raises(InputError, match="whole number from 2 to 16"):
        supersampler(np.zeros((8, 8)), 1)


@pytest.mark.parametrize("shape", [(13, 13), (9, 21), (2, 7, 7), (1, 40)])
def test_one_stage_takes_scans_of_any_shape(tiny_one_stage_run, rng, shape, runtime):
    image = Supersampler(tiny_one_stage_run, runtime=runtime)(rng.random(shape), 5)
    assert image.shape == (*shape[:-2], shape[-2] * 5, shape[-1] * 5)
    assert np.isfinite(image).all()


def test_one_stage_weights_of_the_first_edition_give_the_images_that_they_gave(
    tiny_one_stage_run, as_first_edition, rng, monkeypatch, tmp_path
):
    scan = rng.random((13, 13), np.float32)
    runs = as_first_edition(tiny_one_stage_run), tiny_one_stage_run
    old, new = (Supersampler(run, runtime="tensorflow")(scan, 5) for run in runs)

    def resize(layer, inputs):
        sides = [layer._side(n, size // 16) for n, size in zip(*map(one_stage._sides, inputs))]
        return tf.image.resize(inputs[0], sides, "bilinear", antialias=False)

    monkeypatch.setattr(one_stage.Resize, "call", resize)
    copy = shutil.copytree(tiny_one_stage_run, str(tmp_path / "copy"))  # built anew, by that rule
    np.testing.assert_array_equal(old, Supersampler(copy, runtime="tensorflow")(scan, 5))
    assert np.abs(old - new).max() > 1e-3 * np.ptp(new)


def test_one_stage_refuses_other_factors(tiny_one_stage_run, runtime):
    with pytest.raises(
        InputError, match="factor: expected 5, the only one that this one-stage generator takes, found 4"
    ):
        Supersampler(tiny_one_stage_run, runtime=runtime)(np.zeros((8, 8)), 4)


def test_refuses_weights_that_are_missing_or_damaged(tiny_run, tmp_path):
    with pytest.raises(InputError, match="nowhere: expected a run directory or .*, found nothing"):
        Supersampler(str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"config\.json: expected a run's configuration"):
        Supersampler(str(tmp_path))
    for content in (None, b"", b"PK\x03\x04 half a file"):
        with open(os.path.join(tiny_run, "config.json"), "rb") as file:
            (tmp_path / "config.json").write_bytes(file.read())
        (tmp_path / "weights").mkdir(exist_ok=True)
        if content is not None:
            (tmp_path / "weights" / "generator.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"generator\.npz: expected a generator's weights"):
            Supersampler(str(tmp_path))


def test_refuses_weights_of_another_config(tiny_run, tmp_path):
    from dlss_tf import weights

    config, arrays = weights.load(tiny_run)
    config.replace(width=0.3).save(tmp_path / "config.json")
    weights.save(str(tmp_path), arrays)
    with pytest.raises(InputError, match=r"do not fit its config\.json"):
        Supersampler(str(tmp_path))


@pytest.mark.parametrize("scan", [np.eye(16) * 1j, np.full((16, 16), "1"), np.zeros((16, 16), "O")])
def test_other_than_real_numbers_are_refused(supersampler, scan):
    with pytest.raises(InputError, match="scan: expected real numbers, found "):
        supersampler(scan, 4)


@pytest.mark.parametrize("options", [{}, {"keep_known": True}, {"refine": True}])
@pytest.mark.parametrize("offset", [1e9, -(2**40)])
def test_an_offset_far_above_the_range_changes_nothing(supersampler, rng, options, offset):
    scan = np.round(rng.random((2, 12, 13)) * 100)
    expected = supersampler(scan - scan.min((1, 2), keepdims=True), 4, **options) + scan.min((1, 2), keepdims=True)
    found = supersampler(scan + offset, 4, **options)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found - offset, expected, atol=1e-3)
    spread = supersampler.ensemble(scan[0] + offset, 4).uncertainty
    np.testing.assert_allclose(spread, supersampler.ensemble(scan[0] - scan[0].min(), 4).uncertainty, atol=1e-3)


def test_masked_samples_are_not_known(supersampler, rng):
    scan = rng.random((12, 13))
    masked = np.ma.masked_array(np.where(scan > 0.9, 99, scan), scan > 0.9)
    np.testing.assert_array_equal(supersampler(masked, 4), supersampler(np.where(scan > 0.9, np.nan, scan), 4))
