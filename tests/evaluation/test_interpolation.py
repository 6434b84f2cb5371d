"""Traditional methods against the published protocol's numbers, scikit-image, and what can be worked out by hand."""

import importlib.util
import sys

import cv2
import numpy as np
import pytest
from evaluation import protocol
from golden import SHARED, real_image, trace

from dlss_tf import lattice
from dlss_tf.errors import InputError
from dlss_tf.evaluation import interpolation
from dlss_tf.evaluation.metrics import mse

SIZES = [(48, 4), (50, 3), (49, 5), (62, 10)]


def blur(image):
    return cv2.GaussianBlur(image, (5, 5), 2.5, borderType=cv2.BORDER_REFLECT_101)


def smooth_image(size, seed=0, sigma=4.0):
    noise = np.random.default_rng(seed).normal(size=(size, size))
    image = cv2.GaussianBlur(noise, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return (image - image.min()) / np.ptp(image)


def call(method, scan, size, factor):
    function = getattr(interpolation, method)
    return function(scan, size, factor, 0.7 * factor) if method == "smoothed" else function(scan, size, factor)


# The published protocol.


@pytest.mark.parametrize("factor", protocol.FACTORS)
def test_published_is_the_protocol_in_numpy(factor):
    """On a side that leaves a remainder at every factor."""
    image = np.random.default_rng(0).random((93, 93), np.float32)
    assert tuple(protocol.WEIGHTS) == interpolation.PUBLISHED
    for method in interpolation.PUBLISHED:
        expected = protocol.image_by(image, factor, method)
        np.testing.assert_allclose(interpolation.published(image, factor, method), expected, atol=3e-6, err_msg=method)


@pytest.mark.parametrize(("name", "file"), [("truth1", "train/truth-1.tif"), ("truth3", "val/truth-3.tif")])
def test_published_reproduces_the_reference_values(name, file):
    """As `protocol` does, which so stands for the published code where there are no real images."""
    image, reference = real_image(file), trace("baselines")
    image = (image - image.min()) / (image.max() - image.min())
    for factor in protocol.FACTORS:
        by_hand = protocol.published_errors(image, factor)
        target = blur(interpolation.published_crop(image, factor))
        for method in interpolation.PUBLISHED:
            expected = float(reference[f"{name}_{method}_{factor}"])
            found = mse(interpolation.published(image, factor, method), target)
            assert found == pytest.approx(expected, rel=1e-5), (method, factor)
            assert by_hand[method] == pytest.approx(expected, rel=1e-5), (method, factor)


def test_published_nearest_is_the_protocol_by_hand():
    crop = np.arange(14 * 14, dtype=np.float32).reshape(14, 14)
    # s = 4: M = 12, n = 4, so every third pixel of the top left 12x12, each repeated 3x3.
    expected = np.kron(crop[:12:3, :12:3], np.ones((3, 3), np.float32))
    np.testing.assert_array_equal(interpolation.published(crop, 4, "nearest"), expected)
    np.testing.assert_array_equal(interpolation.published_crop(crop, 4), crop[:12, :12])


def test_published_bilinear_is_the_protocol_by_hand():
    column = np.arange(8, dtype=np.float32)
    crop = np.tile(column, (8, 1))
    # s = 4: samples 0 and 4, taken as pixels 0 ... 3 and 4 ... 7, whose centres are 1.5 and 5.5.
    expected = np.clip((column - 1.5) * 1.0, 0, 4)
    np.testing.assert_allclose(interpolation.published(crop, 4, "bilinear"), np.tile(expected, (8, 1)), atol=1e-6)


@pytest.mark.parametrize("method", interpolation.PUBLISHED)
def test_published_takes_rectangles_and_any_units(method):
    crop = np.random.default_rng(1).random((40, 61), np.float32)
    result = interpolation.published(crop, 6, method)
    assert result.shape == (36, 60) and result.dtype == np.float32
    np.testing.assert_allclose(interpolation.published(100 * crop - 7, 6, method), 100 * result - 7, atol=1e-3)


def test_published_refuses():
    with pytest.raises(InputError, match="method: expected one of nearest.*found cubic"):
        interpolation.published(np.zeros((16, 16), np.float32), 4, "cubic")
    with pytest.raises(InputError, match="found 16x16x1"):
        interpolation.published(np.zeros((16, 16, 1), np.float32), 4, "area")
    with pytest.raises(InputError, match="factor"):
        interpolation.published(np.zeros((16, 16), np.float32), 1, "area")


# Methods on the true lattice.


@pytest.mark.parametrize("method", interpolation.CHARITABLE)
@pytest.mark.parametrize(("size", "factor"), SIZES)
def test_constants_units_and_transposes(method, size, factor):
    shape = (size, size + 9)
    scan = lattice.downsample(np.random.default_rng(2).random(shape), factor)
    result = call(method, scan, shape, factor)
    assert result.shape == shape and result.dtype == np.float64
    assert call(method, scan.astype(np.float32), shape, factor).dtype == np.float32
    np.testing.assert_allclose(call(method, np.full(scan.shape, 3.0), shape, factor), 3.0, rtol=1e-12)
    np.testing.assert_allclose(call(method, 50 * scan - 400, shape, factor), 50 * result - 400, rtol=1e-9)
    np.testing.assert_allclose(call(method, scan.T, shape[::-1], factor), result.T, atol=1e-9)


@pytest.mark.parametrize("method", ["lattice_bilinear", "lattice_bicubic", "biharmonic"])
@pytest.mark.parametrize(("size", "factor"), SIZES)
def test_samples_are_kept(method, size, factor):
    scan = lattice.downsample(np.random.default_rng(3).random((size, size)), factor)
    result = call(method, scan, (size, size), factor)
    np.testing.assert_allclose(lattice.downsample(result, factor), scan, atol=1e-12)


@pytest.mark.parametrize(("size", "factor"), SIZES)
def test_polynomials_are_reproduced_between_samples_and_held_beyond(size, factor):
    x = np.arange(size, dtype=float)
    places = lattice.positions(size, factor)
    held = np.clip(x, places[0], places[-1])
    for method, power, margin in (("lattice_bilinear", 1, 0), ("lattice_bicubic", 2, factor)):
        image = np.add.outer(x**power, 2 * x)
        result = call(method, lattice.downsample(image, factor), image.shape, factor)
        inside = slice(places[0] + margin, places[-1] + 1 - margin)
        np.testing.assert_allclose(result[inside, inside], image[inside, inside], atol=1e-9)
    bilinear = call("lattice_bilinear", lattice.downsample(np.add.outer(x, 2 * x), factor), (size, size), factor)
    np.testing.assert_allclose(bilinear, np.add.outer(held, 2 * held), atol=1e-9)
    np.testing.assert_allclose(result[: places[0]], np.tile(result[places[0]], (places[0], 1)), atol=1e-9)


@pytest.mark.parametrize("method", ["lattice_bilinear", "lattice_bicubic", "smoothed", "biharmonic"])
def test_leading_axes_are_independent_images(method):
    scans = np.random.default_rng(4).random((2, 3, 10, 12))
    results = call(method, scans, (50, 60), 5)
    assert results.shape == (2, 3, 50, 60)
    np.testing.assert_allclose(results[1, 2], call(method, scans[1, 2], (50, 60), 5), atol=1e-12)


def test_knowing_the_lattice_helps():
    image = smooth_image(120, sigma=6).astype(np.float32)
    scan = lattice.downsample(image, 5)
    published = mse(interpolation.published(image, 5, "bilinear"), image)
    errors = {method: mse(call(method, scan, image.shape, 5), image) for method in interpolation.CHARITABLE[:2]}
    assert errors["lattice_bilinear"] < 0.5 * published
    assert errors["lattice_bicubic"] < 0.5 * errors["lattice_bilinear"]
    assert mse(interpolation.biharmonic(scan, image.shape, 5), image) < errors["lattice_bicubic"]


@pytest.mark.parametrize("method", interpolation.CHARITABLE)
def test_wrong_shape_is_refused(method):
    with pytest.raises(InputError, match="expected 13x13 samples for 50x50 pixels at factor 4, found 12x13"):
        call(method, np.zeros((12, 13)), (50, 50), 4)


# Smoothing.


def test_smoothed_is_bilinear_then_a_gaussian():
    scan = np.random.default_rng(5).random((12, 12)).astype(np.float32)
    bilinear = interpolation.lattice_bilinear(scan, (60, 60), 5)
    np.testing.assert_array_equal(interpolation.smoothed(scan, (60, 60), 5, 0.0), bilinear)
    reference = cv2.GaussianBlur(bilinear, (25, 25), 3.0, borderType=cv2.BORDER_REFLECT_101)  # 4 sigma a side
    np.testing.assert_allclose(interpolation.smoothed(scan, (60, 60), 5, 3.0), reference, atol=1e-6)
    with pytest.raises(InputError, match="sigma"):
        interpolation.smoothed(scan, (60, 60), 5, -1.0)


def test_best_sigma_is_the_least_error_of_a_fine_scan():
    crops = [smooth_image(96, seed) + np.random.default_rng(seed).normal(0, 0.15, (96, 96)) for seed in range(3)]
    targets = [blur(crop) for crop in crops]
    found = interpolation.best_sigma(iter(crops), iter(targets), 4)

    def error(sigma):
        scans = [lattice.downsample(crop, 4) for crop in crops]
        return np.mean([mse(interpolation.smoothed(s, (96, 96), 4, sigma), t) for s, t in zip(scans, targets)])

    fine = np.arange(1.0, 8.0, 0.05)
    least = fine[np.argmin([error(sigma) for sigma in fine])]
    assert found == pytest.approx(least, abs=0.1)
    assert found not in np.multiply(interpolation.SIGMAS, 4)
    assert error(found) < 0.6 * error(0.0)


def test_best_sigma_without_noise_is_small_and_stays_in_the_grid():
    crop = smooth_image(96, sigma=8)
    assert interpolation.best_sigma([crop], [crop], 4) < 1.0
    assert interpolation.best_sigma([crop], [crop], 4, sigmas=[3.0, 4.0, 5.0]) == 3.0


def test_best_sigma_refuses():
    crop = smooth_image(32)
    with pytest.raises(InputError, match="only 1 pair"):
        interpolation.best_sigma([crop, crop], [crop], 4)
    with pytest.raises(InputError, match="only 1 pair"):
        interpolation.best_sigma([crop], [crop, crop], 4)
    with pytest.raises(InputError, match="at least one"):
        interpolation.best_sigma([], [], 4)
    with pytest.raises(InputError, match="finite"):
        interpolation.best_sigma([crop], [np.full_like(crop, np.nan)], 4)
    with pytest.raises(InputError, match="increasing"):
        interpolation.best_sigma([crop], [crop], 4, sigmas=[2.0, 1.0])


# Biharmonic inpainting.


@pytest.mark.parametrize(("size", "factor", "margin"), [(48, 4, 12), (49, 5, 15), (50, 3, 9)])
def test_biharmonic_is_scikit_images_away_from_the_border(size, factor, margin):
    from skimage.restoration import inpaint_biharmonic

    for image in (smooth_image(size), np.random.default_rng(6).random((size, size))):
        places = lattice.positions(size, factor)
        unknown = np.ones((size, size), bool)
        unknown[places[:, None], places] = False
        reference = inpaint_biharmonic(np.where(unknown, 0, image), unknown)
        result = interpolation.biharmonic(lattice.downsample(image, factor), image.shape, factor)
        inner = slice(margin, size - margin)
        np.testing.assert_allclose(result[inner, inner], reference[inner, inner], atol=2e-3)
    bicubic = interpolation.lattice_bicubic(lattice.downsample(image, factor), image.shape, factor)
    assert np.abs(bicubic - reference)[inner, inner].max() > 2e-2  # the tolerance tells methods apart


# Non-local means.


def test_non_local_means_removes_noise_and_keeps_edges():
    x = np.arange(200)
    image = np.where(np.add.outer(x, x) % 80 < 40, 0.2, 0.8)
    noisy = image + np.random.default_rng(9).normal(0, 0.1, image.shape)
    scan = lattice.downsample(noisy, 4)
    clean = interpolation.lattice_bicubic(lattice.downsample(image, 4), image.shape, 4)
    error = mse(interpolation.non_local_means(scan, image.shape, 4), clean)
    assert error < 0.3 * mse(interpolation.lattice_bicubic(scan, image.shape, 4), clean)
    sigma = interpolation.best_sigma([noisy], [clean], 4)
    assert error < 0.6 * mse(interpolation.smoothed(scan, image.shape, 4, sigma), clean)
    with pytest.raises(InputError, match="two axes"):
        interpolation.non_local_means(scan[None], image.shape, 4)


def test_rivals_reach_the_region_that_method_md_names():
    folder = SHARED / "data/stem_real/val"
    if not folder.exists():
        pytest.skip("real images are not part of this repository")
    factor, errors = 5, {"bilinear": [], "smoothed": [], "non_local_means": []}
    for path in sorted(folder.glob("*.tif")):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.float32)
        image = (image - image.min()) / (image.max() - image.min())
        scan, target = lattice.downsample(image, factor), blur(image)
        bilinear = interpolation.published(image, factor, "bilinear")
        errors["bilinear"].append(mse(bilinear, blur(interpolation.published_crop(image, factor))))
        errors["smoothed"].append(mse(interpolation.smoothed(scan, image.shape, factor, 4.7), target))
        errors["non_local_means"].append(mse(interpolation.non_local_means(scan, image.shape, factor), target))
    ratios = {method: np.sqrt(np.mean(each) / np.mean(errors["bilinear"])) for method, each in errors.items()}
    assert 0.5 < ratios["smoothed"] < 0.65 and 0.5 < ratios["non_local_means"] < 0.65, ratios


def test_a_missing_extra_is_one_clear_sentence(monkeypatch):
    spec = importlib.util.spec_from_file_location("dlss_tf.evaluation.without_cv2", interpolation.__file__)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(InputError, match=r"expected to find OpenCV; pip install .*opencv-python-headless "):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
