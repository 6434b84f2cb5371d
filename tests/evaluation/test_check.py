import json

import numpy as np
import pytest
from PIL import Image

from dlss_tf import Supersampler
from dlss_tf.errors import InputError
from dlss_tf.evaluation import advice, check, interpolation
from dlss_tf.evaluation.images import blurred
from dlss_tf.lattice import downsample


@pytest.fixture(scope="module")
def supersampler():
    return Supersampler()


def waves(period, shape=(160, 192)):
    """Waves of that many px along both axes, in [0, 1]."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (0.5 + 0.25 * np.sin(2 * np.pi * x / period) + 0.25 * np.sin(2 * np.pi * y / period)).astype(np.float32)


@pytest.mark.parametrize("period", [7, 13, 24])
def test_waves_are_too_fine_for_scans_of_less_than_two_samples_each(period):
    fine = check.finer_than_scans(waves(period))
    assert all((share > 0.5) == (2 * s > period) for s, share in fine.items() if abs(2 * s - period) > 1)
    assert all(a <= b for a, b in zip(list(fine.values()), list(fine.values())[1:]))


def test_share_is_of_the_variance():
    mixed = 3 * waves(40) + waves(8)
    assert check.finer_than_scans(mixed)[8] == pytest.approx(1 / 10, abs=0.02)


def test_the_paper_s_failure_case_is_told_from_a_good_one(supersampler):
    good, _ = check.check(supersampler, 1000 * waves(40) + 5, 5)
    assert good["lost"] < 0.1 and good["verdict"].startswith("Factor 5 suits this image")
    bad, _ = check.check(supersampler, waves(8), 6)
    assert bad["too_fine"] > 0.9 and bad["lost"] > 0.5
    assert bad["largest_factor"] in (3, 4) and f"factor {bad['largest_factor']} is the largest" in bad["verdict"]


def test_noise_is_not_called_detail_that_is_too_fine(supersampler, rng):
    noisy = waves(60) + rng.normal(0, 0.8, (160, 192)).astype(np.float32)
    report, _ = check.check(supersampler, noisy, 4)
    assert report["lost"] > advice.MOST_LOST and "coarse enough" in report["verdict"]


def test_report_is_about_the_panels(supersampler):
    image = waves(30)
    report, panels = check.check(supersampler, image, 4)
    assert all(panel.shape == image.shape for panel in panels)
    assert report["guessed"] == np.mean(panels.finer > 0.05)
    for kind, panel in (("ours", panels.ours), ("rival", panels.rival)):
        error = np.mean((panel.astype(float) - panels.truth) ** 2)
        assert report["root_mse"][report[kind]] == pytest.approx(error**0.5, rel=1e-4)
    assert report["closest"] in (report["ours"], report["rival"])
    ours = report["root_mse"][report["ours"]]
    assert report["lost"] == pytest.approx(ours**2 / np.var(panels.truth), rel=1e-3)


def test_every_method_sees_the_same_scan(supersampler, rng):
    """Ours as the Supersampler makes it of the scan, on sides that are multiples of the factor: px [4 i, 4 j]."""
    image = (waves(30) + rng.normal(0, 0.1, (160, 192))).astype(np.float32)
    image = (image - image.min()) / np.ptp(image)
    report, panels = check.check(supersampler, image, 4)
    scan, target = downsample(image, 4), blurred(image)
    np.testing.assert_allclose(panels.truth, target, atol=1e-5)
    ours = {
        "dlss": supersampler(scan, 4),
        "dlss_refined": supersampler(scan, 4, refine=True),
        "dlss_ensemble": supersampler(scan, 4, ensemble=True),
        "dlss_ensemble_refined": supersampler(scan, 4, ensemble=True, refine=True),
    }
    rivals = {name: getattr(interpolation, name)(scan, image.shape, 4) for name in advice.RIVALS}
    expected = {name: np.mean((each - target) ** 2) ** 0.5 for name, each in {**ours, **rivals}.items()}
    assert list(report["root_mse"]) == list(expected)
    assert report["root_mse"] == pytest.approx(expected, rel=1e-3)
    assert report["closest"] == min(expected, key=expected.get)


def test_a_rival_that_is_closer_is_named(tiny_run):
    report, panels = check.check(Supersampler(tiny_run), waves(40), 4)
    assert report["closest"] == report["rival"] == report["recommended"] == "lattice_bilinear"
    assert report["advice"][0].startswith("Closest is not DLSS but bilinear interpolation; the best of ours, DLSS")
    np.testing.assert_array_equal(panels.rival, interpolation.lattice_bilinear(downsample(waves(40), 4), (160, 192), 4))


def test_noise_of_the_truth_is_told_from_errors(supersampler, rng):
    image = waves(400) + rng.normal(0, 0.3, (160, 192)).astype(np.float32)
    assert check.check(supersampler, image, 4)[0]["noise"] > 0.6
    assert check.check(supersampler, waves(400), 4)[0]["noise"] < 0.01


def test_progress_counts_all_passes(tiny_run):
    calls = []
    check.check(Supersampler(tiny_run), waves(40), 4, on_progress=lambda *done: calls.append(done))
    assert calls == [(i + 1, 8) for i in range(8)]


def test_images_of_few_samples(tiny_run, recwarn):
    supersampler = Supersampler(tiny_run)
    report, _ = check.check(supersampler, np.random.default_rng(0).random((25, 30)), 6)  # 5x5 samples
    assert np.isfinite(list(report["root_mse"].values())).all() and not recwarn.list
    for shape in ((1, 1), (3, 100), (24, 100)):
        with pytest.raises(
            InputError, match=r"^image: expected at least 5 samples a side at factor 6, found \d+x\d+ px"
        ):
            check.check(supersampler, np.zeros(shape), 6)


def lattice(period, shape=(256, 256)):
    """Atomic columns that far apart, turned against the scan, in a little noise."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    u, v = (0.98 * x + 0.2 * y) / period, (0.98 * y - 0.2 * x) / period
    columns = np.exp(-12.5 * ((u - np.round(u)) ** 2 + (v - np.round(v)) ** 2))
    return (columns + np.random.default_rng(0).normal(0, 0.05, shape)).astype(np.float32)


@pytest.mark.parametrize(("samples", "marked"), [(1.2, 1), (1.5, 1), (1.8, 1), (2.6, 0), (4, 0)])
def test_a_lattice_aliased_by_sampling_is_marked(supersampler, samples, marked):
    """Also where its output is a clean lattice that is none: at 1.5 samples a period the scan looks like one of 3."""
    report, panels = check.check(supersampler, lattice(5 * samples), 5)
    assert report["guessed"] == pytest.approx(marked, abs=0.02)
    assert (np.median(panels.finer) > 0.5) == bool(marked)


def test_detail_is_marked_where_it_is(supersampler):
    image = np.concatenate([lattice(8, (256, 128)), lattice(30, (256, 128))], 1)
    report, panels = check.check(supersampler, image, 5)
    marks = panels.finer > 0.05
    assert marks[:, :100].mean() > 0.99 and marks[:, 156:].mean() < 0.01
    assert report["guessed"] == pytest.approx(0.5, abs=0.1)


def test_constant_image(supersampler):
    report, _ = check.check(supersampler, np.full((64, 64), 3.0), 5)
    assert report["lost"] < 0.01 and report["too_fine"] == report["guessed"] == 0
    assert report["verdict"] == advice.EMPTY and report["largest_factor"] is None and not report["advice"]


@pytest.mark.parametrize("shape", [(0, 64), (2, 64, 64), (64,)])
def test_refuses_what_is_no_image(supersampler, shape):
    with pytest.raises(InputError, match=r"image: expected \[H, W\], found shape"):
        check.check(supersampler, np.zeros(shape), 5)


@pytest.mark.parametrize("period", [8, 40])
@pytest.mark.parametrize("value", [65535, -32768, np.nan])
def test_one_pixel_changes_no_verdict(supersampler, period, value):
    image = 1000 * waves(period)
    expected, _ = check.check(supersampler, image, 5)
    image[50, 70] = value
    with pytest.warns(UserWarning, match="^a.tif: 1 of 30720 samples are (outliers|not finite)"):
        report, _ = check.check(supersampler, image, 5, about="a.tif")
    assert report["verdict"].partition("lies")[0][:40] == expected["verdict"].partition("lies")[0][:40]
    assert report["lost"] == pytest.approx(expected["lost"], rel=0.05)
    assert report["root_mse"]["dlss"] == pytest.approx(expected["root_mse"]["dlss"], rel=0.05)


def test_file_is_checked_into_results(supersampler, tmp_path):
    np.save(tmp_path / "image.npy", waves(30))
    source = str(tmp_path / "image.npy")
    report = check.check_file(supersampler, source, 5, str(tmp_path / "results"))
    assert json.loads((tmp_path / "results" / "image-check5.json").read_text()) == report
    assert report["sheet"] == str(tmp_path / "results" / "image-check5.png")
    with Image.open(report["sheet"]) as sheet:
        assert sheet.width > 1000 and 600 < sheet.height < sheet.width
    assert report["command"].startswith(f"dlss-tf supersample {source} --factor 5")


def test_nothing_is_advised_where_there_is_nothing(tiny_run, tmp_path):
    np.save(tmp_path / "flat.npy", np.full((64, 64), 3.0))
    report = check.check_file(Supersampler(tiny_run), str(tmp_path / "flat.npy"), 5, str(tmp_path))
    assert report["command"] == "" and report["advice"] == []


def test_refuses_stacks(supersampler, tmp_path):
    np.save(tmp_path / "stack.npy", np.stack([waves(30)] * 2))
    with pytest.raises(InputError, match="stack.npy: expected one image, found a stack of shape"):
        check.check_file(supersampler, str(tmp_path / "stack.npy"), 5, str(tmp_path / "results"))
    assert not (tmp_path / "results").exists()


def test_an_offset_far_above_the_range_changes_nothing(supersampler, rng):
    image = np.round(rng.random((32, 32)) * 100)
    image[0, 0] = 0
    expected, _ = check.check(supersampler, image, 4)
    found, _ = check.check(supersampler, image + 1e9, 4)
    assert found == expected
    with pytest.raises(InputError, match="image: expected real numbers, found complex128"):
        check.check(supersampler, image * 1j, 4)
