import json
import os
import re
import sys

import numpy as np
import pytest

from dlss_tf import cli, micrograph, weights
from dlss_tf.cli.exits import FAILED, USAGE

pytestmark = pytest.mark.usefixtures("tiny_pretrained")


def test_supersample_files(save, tmp_path, capsys, runtime):
    scans = [save(tmp_path / "a.npy", 9, 12), save(tmp_path / "b.npy", 2, 8, 8)]
    arguments = ["supersample", *scans, "--factor", "5", "--runtime", runtime]
    options = ["--ensemble", "--refine", "--keep-known", "--format", "ome.tif"]
    assert cli.main([*arguments, "--out", str(tmp_path / "out"), *options]) == 0
    names = [f"{name}-x5{ending}" for name in "ab" for ending in ("-preview.png", "-uncertainty.ome.tif", ".ome.tif")]
    assert sorted(os.listdir(tmp_path / "out")) == names
    result = micrograph.read(str(tmp_path / "out" / "b-x5.ome.tif"))
    np.testing.assert_array_equal(result.data[:, ::5, ::5], np.load(scans[1]))
    assert result.history[0].startswith("supersampled by 5 with dlss_tf")
    assert "mean of 8 flips and rotations; refined by its samples; samples kept" in result.history[0]
    assert "b-x5.ome.tif: 2x40x40 px" in capsys.readouterr().out


def test_outliers_are_counted_and_kept_if_asked(tmp_path, capsys, rng):
    scan = rng.normal(20000, 30, (48, 48)).astype(np.float32)
    scan[7, 9] = 65535
    np.save(tmp_path / "a.npy", scan)
    command = ["supersample", str(tmp_path / "a.npy"), "--factor", "4", "--format", "npy", "--keep-known"]
    assert cli.main(command) == 0
    message = f"dlss-tf: warning: {tmp_path / 'a.npy'}: 1 of 2304 samples are outliers, far from all others; they were"
    assert capsys.readouterr().err.splitlines()[-1].startswith(message)
    assert np.load(tmp_path / "a-x4.npy").max() < 21000
    assert cli.main([*command, "--overwrite", "--keep-outliers"]) == 0
    assert "outliers" not in capsys.readouterr().err
    assert np.load(tmp_path / "a-x4.npy")[28, 36] == 65535


def test_a_bad_scan_does_not_stop_the_others(save, tmp_path, capsys):
    scans = [save(tmp_path / name, 8, 8) for name in ("a.npy", "b.npy", "c.npy")]
    (tmp_path / "b.npy").write_bytes(b"no array")
    assert cli.main(["supersample", *scans, "--factor", "4", "--no-preview"]) == FAILED
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["a-x4.tif", "a.npy", "b.npy", "c-x4.tif", "c.npy"]


def test_results_are_replaced_only_when_asked(save, tmp_path, capsys):
    scan, out = save(tmp_path / "scan.npy", 8, 8), str(tmp_path / "image.tif")
    command = ["supersample", scan, "--factor", "4", "--out", out]
    assert [cli.main(command), cli.main(command), cli.main([*command, "--overwrite"])] == [0, FAILED, 0]
    assert f"{out}: expected no file, found one; give --overwrite or another --out" in capsys.readouterr().err
    assert cli.main(["supersample", scan, "--factor", "4", "--out", scan, "--overwrite"]) == FAILED
    assert "expected another file than the scan itself" in capsys.readouterr().err
    assert np.load(scan).shape == (8, 8)


def test_a_folder_with_a_summary(save, tmp_path, capsys):
    for name in ("a.npy", "b.npy"):
        save(tmp_path / name, 8, 8)
    (tmp_path / "b.npy").write_bytes(b"no array")
    (tmp_path / "notes.txt").touch()
    assert cli.main(["supersample", str(tmp_path), "--factor", "4"]) == FAILED
    line, summary = capsys.readouterr().out.splitlines()
    words = "32x32 px, pixel size unknown; factor 4 trained for"
    assert re.fullmatch(rf"{tmp_path}/a-x4\.tif: {words}; \d+% guessed", line)
    assert re.fullmatch("1 of 2 files done in .*; 1 not, for the reasons given", summary)
    assert cli.main(["supersample", f"{tmp_path}/a*", "--factor", "4", "--overwrite"]) == 0
    assert sorted(os.listdir(tmp_path)) == ["a-x4-preview.png", "a-x4.tif", "a.npy", "b.npy", "notes.txt"]


def test_json_is_a_line_a_file_on_stdout(save, tmp_path, capsys):
    scan = save(tmp_path / "scan.npy", 8, 9)
    arguments = ["--factor", "4", "--ensemble", "--dtype", "same", "--json", "--out", str(tmp_path)]
    assert cli.main(["supersample", scan, str(tmp_path / "none.npy"), *arguments]) == FAILED
    captured = capsys.readouterr()
    done, failed = map(json.loads, captured.out.splitlines())
    assert done.pop("seconds") > 0 and 0 <= done.pop("share_guessed") <= 1
    names = [str(tmp_path / name) for name in ("scan-x4.tif", "scan-x4-uncertainty.tif", "scan-x4-preview.png")]
    assert done == {
        **{"source": scan, "target": names[0], "uncertainty": names[1], "preview": names[2]},
        **{"shape": [32, 36], "dtype": "float32"},
        **{"image": None, "guessed": None, "pixel_size": None, "units": None, "warnings": [], "error": None},
        **{"factor_trained": True, "skipped": False},
    }
    assert failed["error"] == f"{tmp_path}/none.npy: expected an image file, found nothing" and failed["target"] is None
    message, summary = captured.err.splitlines()
    assert message == f"dlss-tf: {failed['error']}" and summary.startswith("1 of 2 files done")


@pytest.mark.parametrize("options", [[], ["--keep-known"], ["--deblur"], ["--refine"]])
def test_the_share_that_is_guessed_is_the_generators(save, tmp_path, capsys, options):
    scan, shares = save(tmp_path / "scan.npy", 24, 24), []
    for how in ([], options):
        assert cli.main(["supersample", scan, "--factor", "4", "--json", "--overwrite", *how]) == 0
        shares.append(json.loads(capsys.readouterr().out)["share_guessed"])
    assert shares[0] == shares[1]


def test_plain_is_the_papers_generator_in_one_pass(save, tmp_path, tiny_run, monkeypatch, capsys):
    monkeypatch.setattr(weights, "PRETRAINED", "none")
    monkeypatch.setattr(weights, "PAPERS", tiny_run)
    scan = save(tmp_path / "scan.npy", 8, 8)
    command = ["supersample", scan, "--factor", "4", "--format", "npy"]
    assert cli.main([*command, "--plain"]) == 0
    plain = np.load(tmp_path / "scan-x4.npy")
    assert cli.main([*command, "--weights", tiny_run, "--overwrite"]) == 0
    np.testing.assert_array_equal(plain, np.load(tmp_path / "scan-x4.npy"))


def test_what_is_there_stays_under_an_uncertainty(save, tmp_path, capsys):
    scan, other = save(tmp_path / "scan.npy", 8, 8), tmp_path / "x-uncertainty.npy"
    other.write_text("precious")
    command = ["supersample", scan, "--factor", "4", "--ensemble", "--out", str(tmp_path / "x.npy")]
    assert cli.main(command) == FAILED
    assert f"{other}: expected no file, found one; give --overwrite or another --out" in capsys.readouterr().err
    assert other.read_text() == "precious" and not (tmp_path / "x.npy").exists()
    assert cli.main([*command, "--overwrite"]) == 0 and np.load(other).shape == (32, 32)


def test_what_is_there_stays_under_a_preview(save, tmp_path, capsys):
    scan, other = save(tmp_path / "scan.npy", 8, 8), tmp_path / "scan-x4-preview.png"
    other.write_text("precious")
    command = ["supersample", scan, "--factor", "4"]
    assert cli.main(command) == FAILED
    assert f"{other}: expected no file, found one; give --overwrite or another --out" in capsys.readouterr().err
    assert other.read_text() == "precious" and not (tmp_path / "scan-x4.tif").exists()
    assert cli.main([*command, "--no-preview"]) == 0 and other.read_text() == "precious"
    assert cli.main([*command, "--overwrite"]) == 0 and other.read_bytes().startswith(b"\x89PNG")


def test_a_scan_in_another_format_takes_the_place_of_its_own_preview_alone(several, save, tmp_path, capsys):
    picture = tmp_path / "several-x4-preview.png"
    command = ["supersample", several, "--factor", "4"]
    assert cli.main(command) == 0
    before = picture.read_bytes()
    assert cli.main([*command, "--format", "npy", "--keep-known"]) == 0
    after = picture.read_bytes()
    assert after != before and (tmp_path / "several-x4.tif").exists() and (tmp_path / "several-x4.npy").exists()
    capsys.readouterr()
    assert cli.main([*command, "--format", "mrc", "--image", "BF"]) == FAILED  # another image of that file
    assert f"{picture}: expected no file, found one; give --overwrite" in capsys.readouterr().err
    os.replace(several, tmp_path / "old.tif")
    save(tmp_path / "several.npy", 60, 64)
    assert cli.main(["supersample", str(tmp_path / "several.npy"), "--factor", "4", "--format", "mrc"]) == FAILED
    assert picture.read_bytes() == after and not (tmp_path / "several-x4.mrc").exists()


def test_a_result_of_the_preview_s_name_is_no_preview(save, tmp_path, capsys):
    scan, result = save(tmp_path / "scan.npy", 8, 8), tmp_path / "scan-x4-preview.png"
    assert cli.main(["supersample", scan, "--factor", "4", "--out", str(result), "--no-preview"]) == 0
    before = result.read_bytes()
    assert cli.main(["supersample", scan, "--factor", "4"]) == FAILED and result.read_bytes() == before


def test_without_pillow_there_is_no_preview(save, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert cli.main(["supersample", save(tmp_path / "scan.npy", 8, 8), "--factor", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["preview"] is None
    assert sorted(os.listdir(tmp_path)) == ["scan-x4.tif", "scan.npy"]


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_two_scans_of_one_name(save, tmp_path, capsys, overwrite):
    for folder, size in (("a", 8), ("b", 9)):
        (tmp_path / folder).mkdir()
        save(tmp_path / folder / "scan.npy", size, size)
    scans, out = [str(tmp_path / folder / "scan.npy") for folder in "ab"], tmp_path / "out"
    assert (
        cli.main(["supersample", *scans, "--factor", "4", "--out", str(out), "--format", "npy", *overwrite]) == FAILED
    )
    assert f"{scans[1]}: expected a result of its own name" in capsys.readouterr().err
    assert np.load(out / "scan-x4.npy").shape == (32, 32)


BAD_SCANS = {
    "missing.tif": None,
    "empty.tif": b"",
    "empty.npy": b"",
    "text.tif": b"not an image " * 50,
    "text.dm4": b"not an image " * 50,
    "text.dm3": b"not an image " * 50,
    "text.emd": b"not an image " * 50,
    "text.ser": b"not an image " * 50,
    "text.mrc": b"not an image " * 50,
    "text.hspy": b"not an image " * 50,
    "text.png": b"not an image " * 50,
    "text.npy": b"not an image " * 50,
    "unknown.xyz": b"x",
    "noending": b"x",
    "line.npy": np.zeros(9),
    "none.npy": np.zeros((0, 9)),
    "complex.npy": np.zeros((9, 9), complex),
    "words.npy": np.full((9, 9), "a"),
    "objects.npy": np.full((9, 9), None),
    "nan.npy": np.full((9, 9), np.nan),
    "infinite.npy": np.full((9, 9), np.inf),
    "one_nan_frame.npy": np.stack([np.ones((9, 9)), np.full((9, 9), np.nan)]),
}


def test_every_bad_scan_is_one_sentence(save, tmp_path, capsys):
    for name, content in BAD_SCANS.items():
        if isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)
        elif content is not None:
            np.save(tmp_path / name, content)
    before = sorted(os.listdir(tmp_path))
    scans = [str(tmp_path / name) for name in BAD_SCANS]
    assert cli.main(["supersample", *scans, "--factor", "4", "--no-preview"]) == FAILED
    messages = capsys.readouterr().err.splitlines()
    assert len(messages) == len(scans)
    for scan, message in zip(scans, messages):
        assert message.startswith(f"dlss-tf: {scan}: "), message
        assert "expected" in message and "found" in message, message
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["supersample", "{}/a.npy", "--factor", "1"], "factor: expected a whole number from 2 to 16, found 1"),
        (["supersample", "{}/a.npy", "--factor", "17"], "factor: expected a whole number from 2 to 16, found 17"),
        (["supersample", "{}/a.npy", "--factor", "4", "--format", "dm4"], "--format: expected one of ome.tif, "),
        (["supersample", "{}/a.npy", "--factor", "4", "--tile", "100"], "tile: expected a multiple of 32 px"),
        (["supersample", "{}/a.npy", "--factor", "4", "--weights", "{}"], "config.json: expected a run's"),
        (
            ["supersample", "{}/a.npy", "{}/a.npy", "--factor", "4", "--out", "{}/b.tif"],
            "expected a folder for 2 files",
        ),
        (
            ["supersample", "{}/a.npy", "--factor", "4", "--deblur", "adam", "--weights", "none"],
            "weights none: expected",
        ),
        (["supersample", "{}/a.npy", "--factor", "4", "--weights", "unified-smal"], "did you mean unified-small?"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


@pytest.mark.parametrize(
    "option",
    ["--weights x", "--server http://x", "--ensemble", "--uncertainty", "--refine", "--keep-known", "--deblur"],
)
def test_plain_goes_with_nothing_else(refused, option):
    sentence = refused(["supersample", "{}/a.npy", "--factor", "4", "--plain", *option.split()])
    assert f"{option.split()[0]}: expected none with --plain, which is one pass of unified-small alone" in sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{}/a.npy", "--factor", "4", "--out", "{}/a.npy/x"], "expected a folder that can be written"),
        (["{}/*.tif", "--factor", "4"], "*.tif: expected an image file, found nothing"),
        (["{}/a.np", "--factor", "4"], "a.np: expected an image file, found nothing; did you mean {}/a.npy?"),
        (["{}/a.npy", "--factor", "4", "--out", "{}/a.npy"], "a.npy: expected another file than the scan itself"),
    ],
)
def test_a_file_that_cannot_be_done_is_one_sentence_and_status_3(refused, arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "load", lambda name=None: pytest.fail("a generator is loaded for nothing"))
    assert sentence.format(tmp_path) in refused(["supersample", *arguments], FAILED)


def test_a_factor_that_the_generator_does_not_take_is_told_before_files_are_read(
    save, tmp_path, capsys, monkeypatch, tiny_one_stage_run
):
    command = ["supersample", save(tmp_path / "a.npy", 9, 9), "--factor", "4", "--weights", tiny_one_stage_run]
    assert cli.main(command) == USAGE
    assert "factor: expected 5, the only one that this one-stage generator takes" in capsys.readouterr().err


def test_what_is_there_is_skipped_if_asked(save, tmp_path, capsys, monkeypatch):
    for name in "ab":
        save(tmp_path / f"{name}.npy", 8, 8)
    command = ["supersample", str(tmp_path), "--factor", "4", "--out", str(tmp_path / "out"), "--skip-existing"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a-x4.tif").write_bytes(b"made before")
    assert cli.main(command) == 0
    first, second, summary = capsys.readouterr().out.splitlines()
    assert first == f"{tmp_path}/out/a-x4.tif: there already, skipped" and "b-x4.tif: 32x32 px" in second
    assert re.fullmatch("1 of 2 files done in .*; 1 skipped, whose results are there", summary)
    assert (tmp_path / "out" / "a-x4.tif").read_bytes() == b"made before"
    monkeypatch.setattr(weights, "load", lambda name=None: pytest.fail("a generator is loaded for nothing"))
    assert cli.main([*command, "--json"]) == 0
    assert [json.loads(line)["skipped"] for line in capsys.readouterr().out.splitlines()] == [True, True]


def test_a_full_disk_leaves_nothing(save, tmp_path, capsys, monkeypatch):
    def full_for(move):
        def moved(source, target, **how):
            if "uncertainty" in target:
                raise OSError(28, "No space left on device")
            return move(source, target, **how)

        return moved

    scan = save(tmp_path / "a.npy", 9, 9)
    for name in ("replace", "link"):
        monkeypatch.setattr(os, name, full_for(getattr(os, name)))
    assert cli.main(["supersample", scan, "--factor", "4", "--ensemble"]) == FAILED
    assert "a-x4-uncertainty.tif: expected a place that can be written, found: No space left" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["a.npy"]


def test_all_images_of_a_file(several, tmp_path, capsys):
    assert cli.main(["supersample", several, "--factor", "4", "--image", "all", "--no-preview"]) == 0
    assert sorted(os.listdir(tmp_path)) == ["several-1-BF-x4.tif", "several-2-HAADF-x4.tif", "several.ome.tif"]
    assert "several-2-HAADF-x4.tif: 240x256 px" in capsys.readouterr().out
