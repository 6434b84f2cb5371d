import os
import re
import shlex
import shutil

import numpy as np
import pytest
import tifffile

from dlss_tf import cli, micrograph, weights
from dlss_tf.cli.exits import FAILED
from dlss_tf.cli.parsing import version


def test_info(tiny_run, capsys):
    assert cli.main(["info", "--weights", tiny_run]) == 0
    assert '"width": 0.05' in capsys.readouterr().out


def test_info_of_a_preset_and_its_schedule(capsys):
    assert cli.main(["info", "--preset", "paper"]) == 0
    assert '"iterations": 1000000' in capsys.readouterr().out
    assert cli.main(["info", "--preset", "paper", "--schedule"]) == 0
    assert "1937500" in capsys.readouterr().out


def test_info_of_the_one_stage_schedule(capsys):
    assert cli.main(["info", "--preset", "paper", "--network", "one-stage", "--schedule"]) == 0
    assert "12500      0.0005" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["info", "--weights", "{}"], "config.json: expected a run's configuration"),
        (["info", "--weights", "{}", "--preset", "paper"], "--preset: expected none with --weights"),
        (["info", "--weights", "{}", "--network", "one-stage"], "--network: expected none with --weights"),
        (["info", "{}/a.npy", "--preset", "paper"], "--preset: expected none with files, found paper"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


def test_unasked_it_tells_what_is_installed(capsys):
    assert cli.main(["info"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(version()) and "--weights unified-scan" in told
    assert "\ndlss-tf info FILE tells what a file holds" in told


def test_a_folder_stands_for_the_files_in_it_results_too(save, tmp_path, capsys):
    for name in ("a", "a-x4", "scan-2"):
        save(tmp_path / f"{name}.npy", 8, 9)
    assert cli.main(["info", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()[::2]
    assert lines == [f"{tmp_path}/{name}.npy:" for name in ("a-x4", "a", "scan-2")]


def test_counts_silent_channels(tiny_run, tiny_data, capsys):
    assert cli.main(["info", "--weights", tiny_run, "--data", tiny_data, "--split", "test", "--size", "64"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["layer", "silent", "/", "channels"] and len(lines) == 1 + 40 + 1
    assert lines[1].startswith("inner_conv1 ") and lines[-1].startswith("all ")


def test_what_files_hold(several, save, tmp_path, capsys):
    scan = save(tmp_path / "a.npy", 3, 8, 9)
    assert cli.main(["info", several, str(tmp_path / "none.tif"), scan]) == FAILED
    found = capsys.readouterr()
    assert found.out.splitlines() == [
        f"{several}:",
        "  1  BF     64x60 px, pixel size unknown, float32",
        "  2* HAADF  60x64 px, pixel size unknown, float32",
        f"{scan}:",
        "  1*   3x8x9 px, pixel size unknown, float32",
    ]
    assert found.err == f"dlss-tf: {tmp_path}/none.tif: expected an image file, found nothing\n"


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("tif", []),
        ("ome.tif", ["--ensemble", "--refine", "--keep-known"]),
        ("hspy", ["--image", "BF", "--keep-outliers", "--deblur"]),
        ("zspy", ["--tile", "512", "--deblur", "wiener"]),
        ("mrc", ["--image", "2", "--dtype", "same"]),
        ("png", []),
    ],
)
def test_the_command_that_is_told_makes_the_same_again(several, tiny_run, tmp_path, monkeypatch, capsys, form, options):
    """To the last bit, from a file whose name a shell would take apart."""
    monkeypatch.chdir(tmp_path)
    os.rename(several, "two scans; $(of) 'one'.ome.tif")
    how = ["--factor", "4", "--weights", tiny_run, "--format", form, *options, "--no-preview", "--out", "made"]
    assert cli.main(["supersample", "two scans; $(of) 'one'.ome.tif", *how]) == 0
    for made in sorted(os.listdir("made")):  # of an ensemble its uncertainty, too
        capsys.readouterr()
        assert cli.main(["info", f"made/{made}"]) == 0
        (command,) = re.findall("^  again +dlss-tf (.+)", capsys.readouterr().out, re.MULTILINE)
        assert cli.main([*shlex.split(command), "--overwrite"]) == 0
        ours, again = (micrograph.read(f"{folder}/{made}") for folder in ("made", "again"))
        np.testing.assert_array_equal(again.data, ours.data)
        assert again.data.dtype == ours.data.dtype
        assert {**again.provenance, "date": ""} == {**ours.provenance, "date": ""}


def test_weights_that_are_others_now_are_told(save, tiny_run, tmp_path, capsys):
    run, scan = shutil.copytree(tiny_run, str(tmp_path / "run")), save(tmp_path / "a.npy", 9, 9)
    assert cli.main(["supersample", scan, "--factor", "4", "--weights", run]) == 0
    assert cli.main(["info", str(tmp_path / "a-x4.tif")]) == 0
    assert "(the same as here)" in capsys.readouterr().out
    _, arrays = weights.load(run)
    weights.save(run, {name: 2 * array for name, array in arrays.items()})
    assert cli.main(["info", str(tmp_path / "a-x4.tif")]) == 0
    assert f"(NOT those of that name here, which have {weights.digest(run)})" in capsys.readouterr().out


def test_what_a_hostile_file_says_does_nothing_to_a_terminal(tmp_path, capsys):
    named = r'source.file: "\u001b[2J\n$(reboot)\u202e.dm4"'
    lines = ['command: "supersample"', "factor: 5", named, r'version: "\u009b"']
    info = "\n".join(["Title: x\x1b[2J", *(f"dlss_tf.{line}" for line in lines)])
    tifffile.imwrite(tmp_path / "a.tif", np.eye(16, dtype="f4"), imagej=True, metadata={"Info": info})
    assert cli.main(["info", str(tmp_path / "a.tif")]) == 0
    found = capsys.readouterr().out
    assert all(line.isprintable() for line in found.splitlines()) and found.count("\n") == 6
    assert r"dlss-tf supersample $'\x1b[2J\x0a$(reboot)\xe2\x80\xae.dm4' --factor 5 --out again/a.tif" in found
