import os
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest

import dlss_tf
from dlss_tf import cli, micrograph
from dlss_tf.config import Config

COMMANDS = ["simulate", "train", "evaluate", "fit-p", "export", "supersample", "watch", "downsample", "check", "info"]
NO_TENSORFLOW = "import sys, dlss_tf{}; assert not {{'tensorflow', 'keras'}} & set(sys.modules), 'loaded'"


def run(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)


@pytest.mark.parametrize("module", ["", ".cli", ".config", ".lattice", ".simulation.dataset", ".micrograph"])
def test_imports_load_no_tensorflow(module):
    done = run("-c", NO_TENSORFLOW.format(module))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "usage: dlss-tf" in text
    assert all(name in text for name in (COMMANDS if arguments == ["--help"] else ["-h"]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "--run", "{}/run", "--set", "width"], "--set: expected NAME=VALUE, found 'width'"),
        (["train", "--run", "{}/run", "--set", "colour=red"], "unknown field 'colour'"),
        (["train", "--run", "{}/run", "--iterations", "0"], "iterations: expected at least 8, found 0"),
        (["train", "--run", "{}/run", "--stop-at", "0"], "stop_at: expected at least 1, found 0"),
        (["train", "--run", "{}/run", "--data", "{}/none"], "none does not exist"),
        (["evaluate", "--weights", "{}/none", "--data", "{}"], "expected a run directory, or a pretrained generator"),
        (["evaluate", "--weights", "{}", "--data", "{}"], "config.json: expected a run's configuration"),
        (["export", "--weights", "{}/none", "--out", "{}"], "expected a run directory"),
        (["export", "--weights", "{}", "--out", "{}", "--size", "7"], "size: expected a multiple of 32"),
        (["simulate", "--out", "{}/data", "--size", "8"], "size"),
        (["info", "--weights", "{}"], "config.json: expected a run's configuration"),
        (["info", "--weights", "{}", "--preset", "paper"], "--preset: expected none with --weights"),
        (["info", "--weights", "{}", "--network", "one-stage"], "--network: expected none with --weights"),
        (
            ["fit-p", "--weights", "{}/none", "--data", "{}", "--out", "{}/run"],
            "expected a run directory, or a pretrained generator",
        ),
        (["train", "--run", "{}/run", "--network", "one-stage", "--adversarial"], "one-stage generator's adversarial"),
        (["train", "--run", "{}/run", "--factor", "17"], "factors: expected whole numbers from 2 to 16, found [17]"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(arguments, sentence, tmp_path, capsys):
    assert cli.main([argument.format(tmp_path) for argument in arguments]) == 2
    message = capsys.readouterr().err
    assert sentence in message
    assert message.startswith("dlss-tf: ") and message.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_status_of_a_command_that_ends_otherwise(capsys):
    def interrupted():
        raise KeyboardInterrupt

    assert cli.status("job", interrupted) == 130
    assert cli.status("job", lambda: warnings.warn("careful", stacklevel=1)) == 0
    assert cli.status("job", lambda: 7) == 7
    assert capsys.readouterr().err == "job: interrupted\njob: warning: careful\n"


@pytest.mark.parametrize("arguments", [[], ["paint"], ["train"], ["evaluate", "--factor", "x", "--weights", "a"]])
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_old_words_work_with_a_warning(tiny_data, tmp_path, capsys):
    run = str(tmp_path / "run")
    tiny = ["--iterations", "8", "--set", "width=0.05", "--set", "size=64", "--set", "batch=1", "--data", tiny_data]
    assert cli.main(["train", "--run", run, "--coverage", "4", "--steps", "1", *tiny]) == 0
    said = capsys.readouterr().err
    assert "dlss-tf: warning: --coverage is called --factor now" in said
    assert "dlss-tf: warning: --steps is called --stop-at now" in said
    assert Config.load(f"{run}/config.json").factors == (4,)
    out = str(tmp_path / "out")
    measured = ["evaluate", "--weights", run, "--data", tiny_data, "--size", "64", "--limit", "1"]
    assert cli.main([*measured, "--factors", "4", "--results", out]) == 0
    said = capsys.readouterr().err
    assert "--factors is called --factor now" in said and "--results is called --out now" in said
    assert sorted(os.listdir(out)) == ["table2.csv", "table2.json", "table2.png"]


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"dlss-tf {dlss_tf.__version__}\n"


def test_info(tiny_run, capsys):
    assert cli.main(["info", "--weights", tiny_run]) == 0
    assert '"width": 0.05' in capsys.readouterr().out


def test_info_counts_silent_channels(tiny_run, tiny_data, capsys):
    assert cli.main(["info", "--weights", tiny_run, "--data", tiny_data, "--split", "test", "--size", "64"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["layer", "silent", "/", "channels"] and len(lines) == 1 + 40 + 1
    assert lines[1].startswith("inner_conv1 ") and lines[-1].startswith("all ")


def test_info_of_a_preset_and_its_schedule(capsys):
    assert cli.main(["info", "--preset", "paper"]) == 0
    assert '"iterations": 1000000' in capsys.readouterr().out
    assert cli.main(["info", "--preset", "paper", "--schedule"]) == 0
    assert "1937500" in capsys.readouterr().out


def test_info_of_the_one_stage_schedule(capsys):
    assert cli.main(["info", "--preset", "paper", "--network", "one-stage", "--schedule"]) == 0
    assert "12500      0.0005" in capsys.readouterr().out


@pytest.mark.slow
def test_simulate_train_evaluate_export(tmp_path, monkeypatch, capsys):
    """The whole main job, typed as a user types it, with a network that takes seconds."""
    monkeypatch.chdir(tmp_path)
    tiny = ["--iterations", "8", "--set", "width=0.05", "--set", "size=64", "--set", "batch=1"]
    for command, said in (
        (["simulate", "--out", "data", "--train", "3", "--val", "1", "--test", "1", "--size", "64"], ""),
        (["train", "--run", "run", "--data", "data", *tiny, "--stop-at", "4"], "dlss-tf train --run run --resume"),
        (["train", "--run", "run", "--resume"], "training complete"),
        (["evaluate", "--weights", "run", "--data", "data", "--size", "64", "--factor", "4,10"], "1/100"),
        (["export", "--weights", "run", "--out", "served", "--size", "64"], "served"),
    ):
        assert cli.main(command) == 0, capsys.readouterr().err
        assert said in capsys.readouterr().out
    assert (tmp_path / "served" / "1" / "saved_model.pb").exists()
    assert sorted(os.listdir(tmp_path / "results")) == ["table2.csv", "table2.json", "table2.png"]


def save(path, *shape):
    np.save(path, np.random.default_rng(0).random(shape, np.float32))
    return str(path)


def test_supersample_files(tmp_path, capsys):
    scans = [save(tmp_path / "a.npy", 9, 12), save(tmp_path / "b.npy", 2, 8, 8)]
    arguments = ["supersample", *scans, "--factor", "5"]
    options = ["--ensemble", "--refine", "--keep-known", "--format", "ome.tif"]
    assert cli.main([*arguments, "--out", str(tmp_path / "out"), *options]) == 0
    names = ["a-x5-uncertainty.ome.tif", "a-x5.ome.tif", "b-x5-uncertainty.ome.tif", "b-x5.ome.tif"]
    assert sorted(os.listdir(tmp_path / "out")) == names
    result = micrograph.read(str(tmp_path / "out" / "b-x5.ome.tif"))
    np.testing.assert_array_equal(result.data[:, ::5, ::5], np.load(scans[1]))
    assert result.history[0].startswith("supersampled by 5 with dlss_tf")
    assert "mean of 8 flips and rotations; refined by its samples; samples kept" in result.history[0]
    assert "b-x5.ome.tif: 2x40x40 px" in capsys.readouterr().out


def test_a_bad_scan_does_not_stop_the_others(tmp_path, capsys):
    scans = [save(tmp_path / name, 8, 8) for name in ("a.npy", "b.npy", "c.npy")]
    (tmp_path / "b.npy").write_bytes(b"no array")
    assert cli.main(["supersample", *scans, "--factor", "4"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["a-x4.tif", "a.npy", "b.npy", "c-x4.tif", "c.npy"]


def test_results_are_replaced_only_when_asked(tmp_path, capsys):
    scan, out = save(tmp_path / "scan.npy", 8, 8), str(tmp_path / "image.tif")
    command = ["supersample", scan, "--factor", "4", "--out", out]
    assert [cli.main(command), cli.main(command), cli.main([*command, "--overwrite"])] == [0, 2, 0]
    assert f"{out}: expected no file, found one; give --overwrite or another --out" in capsys.readouterr().err
    assert cli.main(["supersample", scan, "--factor", "4", "--out", scan, "--overwrite"]) == 2
    assert "expected another file than the scan itself" in capsys.readouterr().err
    assert np.load(scan).shape == (8, 8)


def test_a_downsampled_image_is_every_nth_sample_of_it(tmp_path, capsys):
    image = save(tmp_path / "image.npy", 64, 51)
    assert cli.main(["downsample", image, "--factor", "5", "--format", "npy"]) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "image-every5.npy"), np.load(image)[2::5, ::5])
    assert cli.main(["downsample", save(tmp_path / "small.npy", 3, 3), "--factor", "9", "--format", "npy"]) == 0
    assert np.load(tmp_path / "small-every9.npy").shape == (1, 1)


def test_check_says_whether_detail_is_too_fine(tmp_path, capsys):
    np.save(tmp_path / "fine.npy", np.tile([[0.0, 0, 1, 1]], (96, 32)))
    assert cli.main(["check", str(tmp_path / "fine.npy"), "--factor", "6", "--out", str(tmp_path / "results")]) == 0
    assert "Detail is too fine for factor 6" in capsys.readouterr().out
    assert sorted(os.listdir(tmp_path / "results")) == ["fine-check6.json", "fine-check6.png"]


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


def test_every_bad_scan_is_one_sentence(tmp_path, capsys):
    for name, content in BAD_SCANS.items():
        if isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)
        elif content is not None:
            np.save(tmp_path / name, content)
    before = sorted(os.listdir(tmp_path))
    scans = [str(tmp_path / name) for name in BAD_SCANS]
    assert cli.main(["supersample", *scans, "--factor", "4"]) == 2
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
        (["supersample", "{}/a.npy", "--factor", "4", "--format", "dm4"], "a-x4.dm4: expected a suffix out of"),
        (["supersample", "{}/a.npy", "--factor", "4", "--tile", "100"], "tile: expected a multiple of 32 px"),
        (["supersample", "{}/a.npy", "--factor", "4", "--weights", "{}"], "config.json: expected a run's"),
        (["supersample", "{}/a.npy", "--factor", "4", "--out", "{}/a.npy/x"], "expected a folder that can be written"),
        (["supersample", "{}", "--factor", "4"], "expected an image file, found a folder"),
        (
            ["supersample", "{}/a.npy", "{}/a.npy", "--factor", "4", "--out", "{}/b.tif"],
            "expected a folder for 2 files",
        ),
        (
            ["supersample", "{}/a.npy", "--factor", "4", "--deblur", "adam", "--weights", "none"],
            "weights none: expected",
        ),
        (["supersample", "{}/none.npy", "--factor", "4", "--out", "{}/a.npy"], "a.npy: expected no file, found one"),
        (["watch", "{}/none", "--factor", "4"], "none: expected a folder to watch, found nothing"),
        (["watch", "{}/a.npy", "--factor", "4"], "a.npy: expected a folder to watch, found a file"),
        (
            ["check", "{}/none.tif", "--factor", "4", "--out", "{}/r"],
            "none.tif: expected an image file, found nothing",
        ),
        (["downsample", "{}/a.npy", "--factor", "0"], "factor: expected a whole number from 2 to 16, found 0"),
    ],
)
def test_bad_arguments_about_scans(arguments, sentence, tmp_path, capsys):
    save(tmp_path / "a.npy", 9, 9)
    assert cli.main([argument.format(tmp_path) for argument in arguments]) == 2
    message = capsys.readouterr().err
    assert sentence in message and message.startswith("dlss-tf: ") and message.count("\n") == 1
    assert os.listdir(tmp_path) == ["a.npy"]


def test_a_full_disk_leaves_nothing(tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    scan = save(tmp_path / "a.npy", 9, 9)
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: full() if "uncertainty" in paths[1] else replace(*paths))
    assert cli.main(["supersample", scan, "--factor", "4", "--ensemble"]) == 2
    assert "a-x4-uncertainty.tif: expected a place that can be written, found: No space left" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["a.npy"]


def test_watch_from_the_first_scan_to_ctrl_c(tmp_path):
    """As a user sees it: a scan that is there before is left alone, one that arrives is done, Ctrl-C ends it."""
    save(tmp_path / "old.npy", 8, 8)
    command = [sys.executable, "-m", "dlss_tf.cli", "watch", str(tmp_path), "--factor", "4"]
    # Where these tests run in the background a shell has switched Ctrl-C off, and a child inherits that.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(
        command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), **pipes
    ) as watching:
        try:
            assert "watching" in watching.stdout.readline()
            save(tmp_path / "new.npy", 8, 8)
            assert "new.npy -> " in watching.stdout.readline()
            watching.send_signal(signal.SIGINT)
            assert watching.wait(30) == 130
        finally:
            watching.kill()
        assert watching.stderr.read() == "dlss-tf: interrupted\n"
    assert os.listdir(tmp_path / "supersampled") == ["new-x4.tif"]
