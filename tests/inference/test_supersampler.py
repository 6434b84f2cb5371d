import os

import numpy as np
import pytest

from dlss_tf import Supersampler, lattice
from dlss_tf.errors import InputError


@pytest.fixture(scope="module")
def supersampler(tiny_run):
    return Supersampler(tiny_run)


@pytest.mark.parametrize("shape", [(16, 16), (9, 13), (2, 8, 8), (1, 20)])
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


def test_non_finite_values_count_as_0(supersampler, rng):
    scan = rng.random((10, 10)).astype(np.float32)
    scan[2, 3] = 0
    broken = scan.copy()
    broken[2, 3] = np.nan
    np.testing.assert_array_equal(supersampler(broken, 4), supersampler(scan, 4))


@pytest.mark.parametrize("scan", [np.zeros(5), np.zeros((0, 4)), np.zeros((1, 1, 4, 4))])
def test_refuses_other_shapes(supersampler, scan):
    with pytest.raises(InputError, match="scan: expected an image"):
        supersampler(scan, 4)


def test_refuses_other_factors(supersampler):
    with pytest.raises(InputError, match="whole number from 2 to 16"):
        supersampler(np.zeros((8, 8)), 1)


@pytest.mark.parametrize("shape", [(13, 13), (9, 21), (2, 7, 7), (1, 40)])
def test_one_stage_takes_scans_of_any_shape(tiny_one_stage_run, rng, shape):
    image = Supersampler(tiny_one_stage_run)(rng.random(shape), 5)
    assert image.shape == (*shape[:-2], shape[-2] * 5, shape[-1] * 5)
    assert np.isfinite(image).all()


@pytest.mark.parametrize("side", [64, 65, 67, 70, 93, 96])
def test_one_stage_samples_stay_on_the_lattice(tiny_one_stage_run, side):
    """What is added to reach a multiple of 32 leaves every sample of the scan where the network looks for it."""
    supersampler = Supersampler(tiny_one_stage_run)
    before, after = supersampler._padding(side)
    padded = before + side + after
    assert padded % 32 == 0
    assert set(before + lattice.positions(side, 5)) <= set(lattice.positions(padded, 5))


def test_one_stage_refuses_other_factors(tiny_one_stage_run):
    with pytest.raises(
        InputError, match="factor: expected 5, the only one that this one-stage generator takes, found 4"
    ):
        Supersampler(tiny_one_stage_run)(np.zeros((8, 8)), 4)


def test_refuses_weights_that_are_missing_or_damaged(tiny_run, tmp_path):
    with pytest.raises(InputError, match="nowhere: expected a run directory, found nothing"):
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
