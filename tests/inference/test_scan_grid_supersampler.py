"""The Supersampler with a scan-grid generator, which takes some factors and any size."""

import shutil

import dask.array as da
import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import Supersampler, _compat, lattice, weights
from dlss_tf.errors import InputError
from dlss_tf.inference.lazy import supersample_lazily
from dlss_tf.inference.options import Options
from dlss_tf.training.spread import networks


@pytest.fixture(scope="module")
def supersampler(tiny_scan_grid_run, runtime):
    return Supersampler(tiny_scan_grid_run, runtime=runtime)


@pytest.mark.parametrize("shape", [(8, 8), (9, 13), (2, 8, 8), (1, 20)])
@pytest.mark.parametrize("factor", [4, 5])
def test_gives_factor_times_the_sides(supersampler, rng, shape, factor):
    image = supersampler(rng.random(shape), factor)
    assert image.shape == (*shape[:-2], shape[-2] * factor, shape[-1] * factor)
    assert np.isfinite(image).all()


def test_samples_lie_where_they_were(supersampler, rng):
    """The tiny network is bilinear interpolation still, but for 16 iterations."""
    scan = rng.random((12, 12)).astype(np.float32)
    image = supersampler(scan, 5)
    assert np.corrcoef(image[::5, ::5].ravel(), scan.ravel())[0, 1] > 0.9
    assert np.corrcoef(image[2::5, 2::5].ravel(), scan.ravel())[0, 1] < 0.9


def test_refuses_other_factors_by_name(supersampler, rng):
    sentence = "factor: expected one of 4, 5, 8, the only ones that this scan-grid generator takes, found 6"
    with pytest.raises(InputError, match=sentence):
        supersampler(rng.random((8, 8)), 6)


def test_a_constant_scan_gives_its_value(supersampler):
    np.testing.assert_array_equal(supersampler(np.full((9, 9), 7.0), 5), 7.0)


def test_finds_the_factor_of_infilled_inputs(supersampler, rng):
    inputs = lattice.infill(rng.random((1, 10, 10)).astype(np.float32), (50, 50), 5)[..., None]
    np.testing.assert_array_equal(supersampler.complete(inputs), supersampler.complete(inputs, factor=5))
    with pytest.raises(InputError, match="inputs: expected nearest infill on the lattice of a factor out of 4, 5, 8"):
        supersampler.complete(rng.random((1, 50, 50, 1)).astype(np.float32))


@pytest.fixture(scope="module")
def with_head(tiny_scan_grid_run, tmp_path_factory, runtime):
    """The tiny generator with a head that is not trained, calibrated by 1, 2 and 3."""
    run = str(tmp_path_factory.mktemp("with-head") / "run")
    shutil.copytree(tiny_scan_grid_run, run)
    config, arrays = weights.load(run)
    head = _compat.arrays(networks(config, arrays)[1].head)
    weights.save(run, {**head, "calibration": np.array(2, np.float32)}, weights.SPREAD_FILE)
    return Supersampler(run, tile=512, runtime=runtime)


@pytest.mark.parametrize(("shape", "factor"), [((2, 9, 13), 4), ((9, 8), 8), ((1, 120, 16), 5)])
def test_uncertainty_comes_with_the_image_in_one_pass_in_its_units(with_head, rng, shape, factor):
    """Of scans and of tiles: an untrained head expects 0.03 of the samples' range everywhere."""
    scan, calls = 100 * rng.random(shape) - 7, []
    image, deviation = with_head.with_uncertainty(scan, factor, on_progress=lambda *done: calls.append(done))
    np.testing.assert_allclose(image, with_head(scan, factor), rtol=1e-5, atol=1e-4)
    spans = np.ptp(scan.reshape(-1, *shape[-2:]), (1, 2))
    each = deviation.reshape(len(spans), -1)
    np.testing.assert_allclose(each, np.broadcast_to(0.06 * spans[:, None], each.shape), rtol=1e-4)
    plain: list = []
    with_head(scan, factor, on_progress=lambda *done: plain.append(done))
    assert calls == plain


def test_known_samples_and_constant_scans_have_no_uncertainty(with_head, rng):
    image, deviation = with_head.with_uncertainty(rng.random((9, 9)), 4, keep_known=True)
    assert not deviation[::4, ::4].any() and deviation[1::4].all()
    image, deviation = with_head.with_uncertainty(np.full((9, 9), 3.0), 4)
    assert (image == 3).all() and not deviation.any()


def test_what_is_guessed_comes_with_the_uncertainty(with_head, rng):
    made = with_head.run(rng.random((2, 9, 9)), 4, Options(uncertainty=True, keep_known=True))
    assert made.guessed.shape == made.image.shape and made.guessed.min() >= 0 and made.guessed.max() <= 1
    assert not made.guessed[:, ::4, ::4].any()
    assert with_head.run(rng.random((9, 9)), 4).guessed is None


def test_how_much_is_guessed_is_told_if_asked(with_head, rng):
    scan = rng.random((2, 9, 9))
    assert with_head.run(scan, 4).share_guessed is None
    made = with_head.run(scan, 4, Options(uncertainty=True), with_share=True)
    assert made.share_guessed == np.mean(made.guessed > 0.05) > 0
    for how in (Options(), Options(keep_known=True, deblur="wiener")):
        told = with_head.run(scan, 4, how, with_share=True)
        assert told.guessed is None and told.share_guessed == pytest.approx(made.share_guessed, abs=1e-3)


def test_uncertainty_of_a_generator_that_cannot_tell_is_refused(supersampler, rng):
    with pytest.raises(
        InputError, match=r"spread.npz: expected a generator's weights, found nothing; .*fit-uncertainty"
    ):
        supersampler.with_uncertainty(rng.random((9, 9)), 4)


def test_tiles_join_into_what_one_pass_gives(tiny_scan_grid_run, rng, runtime):
    scan = tf.image.resize(rng.random((30, 30, 1)), (160, 150)).numpy()[..., 0]
    whole, tiled = (Supersampler(tiny_scan_grid_run, tile, runtime)(scan, 5) for tile in (1024, 512))
    np.testing.assert_allclose(tiled, whole, atol=0.02)


def test_dask_arrays_give_the_same(tiny_scan_grid_run, supersampler, rng, runtime):
    scans = rng.random((2, 24, 20)).astype(np.float32)
    lazy = supersample_lazily(da.from_array(scans, chunks=(1, 12, 20)), 4, tiny_scan_grid_run, runtime=runtime)
    np.testing.assert_allclose(lazy.compute(), supersampler(scans, 4), atol=1e-5)


def test_an_ensemble_averages_turned_scans(supersampler, rng):
    scan = rng.random((10, 9)).astype(np.float32)
    image, spread = supersampler.ensemble(scan, 5)
    assert image.shape == spread.shape == (50, 45)
    turned = np.rot90(supersampler.ensemble(np.rot90(scan), 5)[0], -1)  # samples lie at the end of their 5 px there
    # More is padded at the border of some of the eight than of others.
    np.testing.assert_allclose(turned[:, 4:], image[:, :-4], atol=0.1)
