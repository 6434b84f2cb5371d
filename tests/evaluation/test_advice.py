import shlex

import numpy as np
import pytest

from dlss_tf import Supersampler, read
from dlss_tf.cli import commands
from dlss_tf.evaluation import advice, interpolation
from dlss_tf.evaluation.ways import WAYS

FAR = dict.fromkeys([*WAYS, *advice.RIVALS], 0.05)


def report(noise=0.1, too_fine=0.0, lost=0.01, largest_factor=8, factor=4, guessed=0.02, **root_mse):
    """As `check` makes it, of methods that are 0.05 off but for some."""
    root_mse = {**FAR, **root_mse}
    made = {"root_mse": root_mse, **advice.ranked(root_mse), "noise": noise, "too_fine": too_fine, "lost": lost}
    made |= {"largest_factor": largest_factor, "factor": factor, "guessed": guessed, "sheet": "results/a-check4.png"}
    return {**made, "advice": advice.closest(made), "verdict": advice.verdict(made)}


@pytest.mark.parametrize(
    ("root_mse", "closest", "level", "recommended"),
    [
        ({"dlss": 0.02}, "dlss", [], "dlss"),
        ({"dlss_ensemble": 0.02}, "dlss_ensemble", [], "dlss_ensemble"),
        ({"dlss_ensemble": 0.02, "dlss": 0.0203}, "dlss_ensemble", [], "dlss_ensemble"),
        ({"dlss_ensemble": 0.02, "dlss": 0.0201}, "dlss_ensemble", ["dlss"], "dlss"),
        (
            {"dlss_ensemble": 0.02, "dlss_refined": 0.0201, "non_local_means": 0.0201},
            *("dlss_ensemble", ["dlss_refined", "non_local_means"], "dlss_refined"),
        ),
        ({"non_local_means": 0.02, "dlss": 0.0201}, "non_local_means", ["dlss"], "non_local_means"),
        ({"lattice_bilinear": 0.02, "lattice_bicubic": 0.03}, "lattice_bilinear", [], "lattice_bilinear"),
    ],
)
def test_the_least_is_the_closest_and_of_ours_the_quickest_is_recommended(root_mse, closest, level, recommended):
    found = advice.ranked({**FAR, **root_mse})
    assert (found["closest"], found["level"], found["recommended"]) == (closest, level, recommended)
    assert found["ours"] in WAYS and found["rival"] in advice.RIVALS and closest in (found["ours"], found["rival"])


@pytest.mark.parametrize(
    ("root_mse", "sentences"),
    [
        (
            {"dlss": 0.02, "lattice_bicubic": 0.021},
            ["Closest: one pass of DLSS; the best rival, bicubic interpolation, is 5.0% farther off."],
        ),
        (
            {"dlss_ensemble": 0.02, "dlss": 0.0201, "lattice_bicubic": 0.0201},
            [
                "Closest: DLSS as an ensemble; the best rival, bicubic interpolation, is level with it, within 1%.",
                "One pass of DLSS is level with that, and quicker.",
            ],
        ),
        (
            {"non_local_means": 0.02, "dlss_refined": 0.025},
            [
                "Closest is not DLSS but non-local means; the best of ours, one refined pass of DLSS, is 25% "
                "farther off."
            ],
        ),
        (
            {"lattice_bilinear": 0.02, "dlss": 0.0201},
            [
                "Closest is not DLSS but bilinear interpolation; the best of ours, one pass of DLSS, is level with it, "
                "within 1%."
            ],
        ),
    ],
)
def test_the_closest_is_named(root_mse, sentences):
    assert report(**root_mse)["advice"] == sentences


def test_what_an_ensemble_costs_is_said_where_it_is_recommended():
    sentence = "An ensemble takes eight times as long as one pass, which is 25% farther off."
    assert report(dlss_ensemble=0.02, dlss=0.025)["advice"][-1] == sentence
    assert "eight times" not in " ".join(report(dlss_ensemble=0.02, dlss=0.0201)["advice"])


def test_what_is_lost_is_told_of_both_where_a_rival_is_the_closest():
    found = report(lost=0.16, dlss=0.04, non_local_means=0.03)
    assert found["verdict"] == "Factor 4 suits this image: 16.0% of it is lost with DLSS, 9.0% with non-local means."
    assert "finer" not in found["verdict"]
    fine = "Factor 4 suits the coarser detail of this image alone: 1.0% of it is lost. What is finer, in 83% of it, is"
    assert report(dlss=0.02, guessed=0.83)["verdict"].startswith(fine)
    assert report(dlss=0.02, guessed=0.83, lost=0.3)["verdict"].startswith("Detail is coarse enough for factor 4, but")
    assert report(lost=0.3, lattice_bicubic=0.03)["verdict"].startswith("Detail is")


def test_noise_of_the_truth_is_said_where_it_is_most_of_the_error():
    assert len(report(noise=0.19, dlss=0.02)["advice"]) == 1
    assert report(noise=0.83)["advice"][-1].startswith("About 83% of its square error is the image's own noise")


@pytest.fixture(scope="module")
def supersampler(tiny_run):
    return Supersampler(tiny_run)


def parsed(command):
    program, *words = shlex.split(command)
    assert program == "dlss-tf"
    return commands.parser().parse_args(words)


@pytest.mark.parametrize("way", WAYS)
def test_commands_do_what_was_the_closest(supersampler, tiny_run, way):
    found = parsed(advice.command(report(**{way: 0.02}), supersampler, "my scans/a.dm4", "HAADF"))
    assert (found.command, found.files, found.factor) == ("supersample", ["my scans/a.dm4"], 4)
    assert (found.image, found.weights) == ("HAADF", tiny_run)
    assert (found.refine, found.ensemble) == (WAYS[way].refine, WAYS[way].ensemble)


def test_commands_name_the_pretrained_generator_by_nothing(supersampler):
    unnamed = Supersampler.of_passes("pretrained", supersampler.config, None)
    unnamed.weights = None
    assert advice.command(report(dlss=0.02), unnamed, "a.dm4") == "dlss-tf supersample a.dm4 --factor 4"


def test_where_detail_is_too_fine_a_factor_that_suits_is_checked(supersampler):
    found = parsed(advice.command(report(too_fine=0.5, largest_factor=3), supersampler, "a.dm4"))
    assert (found.command, found.images, found.factor) == ("check", ["a.dm4"], 3)
    assert advice.command(report(too_fine=0.5, largest_factor=None), supersampler, "a.dm4") == ""


def test_a_factor_that_the_generator_does_not_take_is_not_checked(tiny_scan_grid_run):
    fine = report(too_fine=0.5, largest_factor=3)
    assert advice.command(fine, Supersampler(tiny_scan_grid_run), "a.dm4") == ""


@pytest.mark.parametrize("method", advice.RIVALS)
def test_the_rivals_way_can_be_run(supersampler, tmp_path, rng, method):
    scan = rng.integers(0, 200, (16, 20)).astype(np.uint16)
    np.save(tmp_path / "it's.npy", scan)
    source = str(tmp_path / "it's.npy")
    python, option, code = shlex.split(advice.command(report(**{method: 0.02}), supersampler, source))
    assert (python, option) == ("python", "-c")
    assert "'" not in advice.command(report(**{method: 0.02}), supersampler, "a.dm4")[len("python -c '") : -1]
    exec(code, {})  # noqa: S102
    made = read(str(tmp_path / f"it's-x4-{method}.tif"))
    np.testing.assert_allclose(made.data, getattr(interpolation, method)(scan, (64, 80), 4), rtol=1e-6)
    assert made.history == (f"{method} by 4",)


def test_a_report_for_a_terminal():
    found = report(non_local_means=0.02, dlss=0.0201)
    found["command"] = "dlss-tf supersample a.dm4 --factor 4"
    lines = advice.format_check(found).splitlines()
    assert "DLSS                     0.0201  level with it" in lines
    assert "Non-local means          0.0200  closest" in lines
    assert lines[-3:] == [
        "For scans like it:",
        "  dlss-tf supersample a.dm4 --factor 4",
        "Picture: results/a-check4.png",
    ]
    assert found["advice"][0] in lines and found["verdict"] in lines


def test_a_report_of_what_nothing_suits():
    found = {**report(too_fine=0.5, largest_factor=None), "command": ""}
    lines = advice.format_check(found).splitlines()
    assert lines[-2].endswith("scan every pixel.") and lines[-1] == "Picture: results/a-check4.png"
    found["command"] = "dlss-tf check \x1b[31m.dm4 --factor 3"
    assert "Instead:\n  dlss-tf check \\x1b[31m.dm4 --factor 3\n" in advice.format_check(found)
