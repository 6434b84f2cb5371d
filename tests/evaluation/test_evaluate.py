import csv
import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tifffile
from evaluation.protocol import published_errors
from golden import real_image, trace

from dlss_tf import lattice
from dlss_tf.data.crops import scale_to_unit
from dlss_tf.errors import InputError
from dlss_tf.evaluation import evaluate as module
from dlss_tf.evaluation.evaluate import evaluate
from dlss_tf.evaluation.images import central_crops
from dlss_tf.evaluation.metrics import METHOD_NAMES

METHODS = [
    "nearest", "area", "bilinear", "bicubic", "lanczos", "dlss", "dlss_refined",
    "lattice_bilinear", "lattice_bicubic", "smoothed", "biharmonic", "non_local_means",
]  # fmt: skip


@pytest.fixture(scope="module")
def report(tiny_run, tiny_data, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    returned = evaluate(tiny_run, [tiny_data], size=64, factors=(4, 5, 16), results=str(results), sheet_images=2)
    return returned, results


def test_json_is_the_designs(report):
    returned, results = report
    with open(results / "table2.json", encoding="utf-8") as file:
        written = json.load(file)
    assert written == json.loads(json.dumps(returned))
    assert written["images"] == 3
    assert list(written["coverages"]) == ["1/16", "1/25", "1/256"]
    assert sorted(written["per_image"]) == ["00000.tif", "00001.tif", "00002.tif"]
    assert {"config", "data", "git_revision", "tensorflow", "split", "weights"} <= written.keys()
    for coverage, methods in written["coverages"].items():
        assert list(methods) == METHODS
        for method, values in methods.items():
            mses = [image[coverage][method] for image in written["per_image"].values()]
            assert values["mean"] == pytest.approx(np.sqrt(np.mean(mses)))
            assert values["std"] == pytest.approx(np.sqrt(np.std(mses)))


def test_json_says_what_its_numbers_are(report):
    returned, _ = report
    assert set(returned["about"]) == {"mean", "std", "per_image", "units", "truth"}
    assert returned["left_out"] == {} and list(returned["smoothed_sigma_px"]) == list(returned["coverages"])


def test_without_validation_images_one_row_is_left_out_and_that_is_said_before_the_work(
    tiny_run, tiny_data, tmp_path, monkeypatch, report
):
    os.symlink(os.path.join(tiny_data, "test"), tmp_path / "test")
    arguments = {"size": 64, "factors": (4,), "results": str(tmp_path / "out"), "sheet_images": 1}
    with monkeypatch.context() as patch, pytest.warns(UserWarning) as said, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "one_pass", _interrupt)
        evaluate(tiny_run, [str(tmp_path)], **arguments)
    (sentence,) = [str(each.message) for each in said]
    assert sentence.startswith("the row Bilinear + Gaussian is left out: its Gaussian is chosen on validation images")
    assert f"{tmp_path}/val does not exist" in sentence
    with pytest.warns(UserWarning, match="is left out"):
        returned = evaluate(tiny_run, [str(tmp_path)], **arguments)
    assert list(returned["left_out"]) == ["smoothed"] and returned["smoothed_sigma_px"] == {}
    with_it = report[0]["per_image"]["00001.tif"]["1/16"]
    assert returned["per_image"]["00001.tif"]["1/16"] == {m: e for m, e in with_it.items() if m != "smoothed"}
    assert (tmp_path / "out" / "table2.png").exists()


def _interrupt(*_):
    raise KeyboardInterrupt


def test_the_sheet_has_several_coverages_the_best_rival_and_errors_on_one_scale(report, tiny_run, tiny_data):
    returned, _ = report
    assert module._shown((4, 5, 6, 8, 10)) == [4, 6, 10] and module._shown((5,)) == [5]
    rivals = {4: "smoothed", 16: "lattice_bicubic"}
    files = [os.path.join(tiny_data, "test", "00001.tif")]
    sigmas = {4: returned["smoothed_sigma_px"]["1/16"]}
    rows = module._sheet_rows(files, 64, module.Supersampler(tiny_run), rivals, sigmas)
    assert [name for name, _ in rows] == ["00001.tif", "00001.tif"]
    for (_, panels), (factor, rival) in zip(rows, rivals.items()):
        assert len(panels) == len(module.TITLES)
        found = returned["per_image"]["00001.tif"][f"1/{factor**2}"]
        assert panels[0].caption.startswith(f"1/{factor**2} px\n")
        assert panels[1].caption == f"{METHOD_NAMES[rival]}\n{found[rival] ** 0.5:.4f}"
        assert panels[2].caption == f"DLSS\n{found['dlss'] ** 0.5:.4f}"
        assert panels[4].limits == panels[5].limits
        np.testing.assert_allclose(panels[4].image, np.abs(panels[1].image - panels[3].image), atol=1e-6)


def test_the_best_rival_is_one_that_knows_the_lattice():
    means = {"bilinear": 0.1, "dlss": 0.2, "lattice_bilinear": 0.5, "biharmonic": 0.4, "non_local_means": 0.6}
    assert module._best_rival({method: {"mean": mean} for method, mean in means.items()}) == "biharmonic"


def test_csv_and_png_are_beside_it(report):
    _, results = report
    assert sorted(os.listdir(results)) == ["table2.csv", "table2.json", "table2.png"]
    with open(results / "table2.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(METHODS)
    assert tf.io.decode_png((results / "table2.png").read_bytes()).shape[0] > 100


def test_network_row_is_the_generators_error_in_the_crops_scale(report, tiny_run, tiny_data):
    from dlss_tf import Supersampler
    from dlss_tf.layers.blur import blur_target

    returned, _ = report
    crop = tifffile.imread(os.path.join(tiny_data, "test", "00001.tif"))
    crop = (crop - crop.min()) / np.ptp(crop)
    blurred = blur_target(tf.constant(crop[None, :, :, None])).numpy()[0, :, :, 0]
    # 64 px are 4 x 16 samples, so the lattice of this scan is the one that the supersampler makes.
    image = Supersampler(tiny_run)(lattice.downsample(crop, 4), 4)
    expected = np.mean((image - blurred) ** 2)
    assert returned["per_image"]["00001.tif"]["1/16"]["dlss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("factor", [4, 5])  # with and without a remainder
def test_published_rows_are_the_protocols(tiny_run, rng, factor):
    crop = scale_to_unit(rng.random((64, 64))).numpy()
    found = module._errors(crop, module.Supersampler(tiny_run), factor, 1.0)
    expected = published_errors(crop, factor)
    assert {method: found[method] for method in expected} == pytest.approx(expected, rel=1e-4)


def test_published_rows_of_a_real_image_are_the_reference(tiny_run):
    crop, golden = scale_to_unit(real_image("val/truth-3.tif")).numpy(), trace("baselines")
    errors = module._errors(crop, module.Supersampler(tiny_run), 5, 1.0)
    for method in METHODS[:5]:
        assert errors[method] == pytest.approx(float(golden[f"truth3_{method}_5"]), rel=1e-4)


def test_larger_images_are_cut_to_their_centre_and_a_limit_holds(tiny_run, tiny_data, tmp_path):
    image = np.random.default_rng(0).random((100, 80), np.float32)
    for split in ("test", "val"):
        os.makedirs(tmp_path / "data" / split)
        for name in "ab":
            tifffile.imwrite(tmp_path / "data" / split / f"{name}.tif", image)
    (_, crop), *_ = central_crops([str(tmp_path / "data" / "test" / "a.tif")], 64)
    expected = image[18:82, 8:72]
    np.testing.assert_allclose(crop, (expected - expected.min()) / np.ptp(expected), atol=1e-6)
    arguments = {"size": 64, "factors": (4,), "results": str(tmp_path / "out"), "limit": 1}
    assert evaluate(tiny_run, [str(tmp_path / "data")], **arguments)["images"] == 1


def test_a_single_coverage_generator_is_evaluated_at_its_own(tiny_one_stage_run, tiny_data, tmp_path):
    arguments = {"size": 64, "results": str(tmp_path)}
    assert list(evaluate(tiny_one_stage_run, [tiny_data], **arguments)["coverages"]) == ["1/25"]
    with pytest.raises(InputError, match="factor: expected 5"):
        evaluate(tiny_one_stage_run, [tiny_data], factors=(4,), **arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"size": 65}, "size: expected a multiple of 32"),
        ({"size": 128}, "expected at least 128x128 px, found 64x64"),
        ({"factors": (4, 20)}, "whole number from 2 to 16"),
        ({"split": "holiday"}, "holiday does not exist"),
        ({"weights": "nowhere"}, "nowhere: expected a run directory"),
    ],
)
def test_refuses_bad_arguments(tiny_run, tiny_data, tmp_path, arguments, sentence):
    arguments = {"weights": tiny_run, "data": [tiny_data], "size": 64, "results": str(tmp_path / "out"), **arguments}
    with pytest.raises(InputError, match=sentence):
        evaluate(**arguments)
    assert not (tmp_path / "out").exists()


def test_interrupted_it_goes_on_where_it_was(report, tiny_run, tiny_data, tmp_path, monkeypatch):
    seen, errors = [], module._errors

    def interrupt_at_the_eighth(*arguments):
        seen.append(arguments)
        if len(seen) == 8:  # three coverages an image: the last one's second
            raise KeyboardInterrupt
        return errors(*arguments)

    monkeypatch.setattr(module, "_errors", interrupt_at_the_eighth)
    arguments = {"size": 64, "factors": (4, 5, 16), "results": str(tmp_path), "sheet_images": 0}
    with pytest.raises(KeyboardInterrupt):
        evaluate(tiny_run, [tiny_data], **arguments)
    assert os.listdir(tmp_path) == ["table2.part.npz"]
    assert evaluate(tiny_run, [tiny_data], **arguments)["per_image"] == report[0]["per_image"]
    assert len(seen) == 8 + 3 and sorted(os.listdir(tmp_path)) == ["table2.csv", "table2.json"]


def test_leaves_nothing_half_written_where_it_cannot_write(tiny_run, tiny_data, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match="expected a folder that can be written"):
        evaluate(tiny_run, [tiny_data], size=64, factors=(4,), results=str(tmp_path / "out"))


def test_bad_test_files_are_named_and_end_it(tiny_run, tiny_data, tmp_path):
    shutil.copytree(tiny_data, tmp_path / "data")
    (tmp_path / "data" / "test" / "00000.tif").write_bytes(b"")
    with pytest.raises(InputError, match=r"1 of 3 files .* more than 1 in 100"):
        evaluate(tiny_run, [str(tmp_path / "data")], size=64, factors=(4,), results=str(tmp_path / "out"))
