import numpy as np
import pytest

from dlss_tf import Supersampler
from dlss_tf.inference.refinement import refine


def waves(size: int, period: float) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    return (np.sin(2 * np.pi * x / period) * np.cos(2 * np.pi * y / period)).astype(np.float32)


@pytest.mark.parametrize("first", [(0, 0), (2, 1)])
def test_a_lattice_that_the_image_lacks_is_found_in_noisy_samples(rng, first):
    truth = waves(512, 23)
    scan = truth[first[0] :: 4, first[1] :: 4]
    noisy = scan + rng.normal(0, 1, scan.shape).astype(np.float32)  # four times as strong as the lattice
    image = refine(np.zeros((1, 512, 512), np.float32), noisy[None], 4, first)[0]
    assert image.shape == truth.shape and image.dtype == np.float32
    inside = slice(64, -64)
    assert np.mean((image - truth)[inside, inside] ** 2) < 0.1 * np.mean(truth**2)


def test_noise_adds_nothing(rng):
    noise = rng.normal(0, 1, (1, 128, 160)).astype(np.float32)
    added = refine(np.zeros((1, 512, 640), np.float32), noise, 4)
    assert np.mean(added**2) < 1e-3


def test_strength_and_units_do_not_matter(rng):
    image, scan = waves(256, 40)[None], waves(256, 40)[None, ::4, ::4] + rng.normal(0, 0.1, (1, 64, 64))
    scan[0, 20:30, 20:30] += 1
    refined = refine(image, scan.astype(np.float32), 4)
    scaled = refine(1e15 * image + 5, (1e15 * scan + 5).astype(np.float32), 4)
    assert not np.allclose(refined, image, atol=0.3)
    np.testing.assert_allclose((scaled - 5) / 1e15, refined, atol=1e-3)


def test_samples_that_the_image_has_add_nothing():
    image = waves(256, 30)[None]
    np.testing.assert_allclose(refine(image, image[:, ::4, ::4], 4), image, atol=1e-6)


def test_scans_smaller_than_a_window_leave_the_image(rng):
    image, scan = rng.random((1, 45, 60), np.float32), rng.random((1, 15, 20), np.float32)
    np.testing.assert_array_equal(refine(image, scan, 3), image)


def test_supersampler_refines_stacks_with_holes_and_ensembles(rng, runtime):
    supersampler = Supersampler(runtime=runtime)
    stack = np.stack([100 * waves(80, 9)[::2, ::2], np.full((40, 40), 7, np.float32)])
    stack[0, 5, 6] = np.nan
    image, refined = supersampler(stack, 4), supersampler(stack, 4, refine=True)
    known = np.isfinite(stack[0])
    errors = [np.mean((each[0, ::4, ::4] - stack[0])[known] ** 2) for each in (refined, image)]
    assert errors[0] < 0.5 * errors[1]
    np.testing.assert_array_equal(refined[1], 7)
    plain, better = (supersampler.ensemble(stack[0], 4, refine=each) for each in (False, True))
    assert np.mean((better[0][::4, ::4] - stack[0])[known] ** 2) < np.mean((plain[0][::4, ::4] - stack[0])[known] ** 2)
    np.testing.assert_array_equal(better[1], plain[1])


def test_noise_that_is_stronger_in_places_adds_nothing(rng):
    noise = np.zeros((1, 128, 128), np.float32)
    noise[:, :, :32] = rng.normal(0, 1, (1, 128, 32))
    added = refine(np.zeros((1, 512, 512), np.float32), noise, 4)
    assert np.mean(added**2) < 1e-2 * np.mean(noise**2)
