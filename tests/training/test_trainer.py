"""The loop through real runs of a tiny network: resumption, interruption, divergence, refusals."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import weights
from dlss_tf._compat import arrays
from dlss_tf.config import Config, preset
from dlss_tf.errors import InputError, TrainingStopped
from dlss_tf.training import trainer
from dlss_tf.training.trainer import train


@pytest.fixture
def config(tiny_config):
    # A validation step, frozen means and the rate's decay all fall within the run; its loss is read at every iteration.
    return tiny_config.replace(iterations=60, freeze_at=0.5)


def equal(run, other):
    return arrays_equal(weights.load(run)[1], weights.load(other)[1])


def arrays_equal(first, second):
    assert first.keys() == second.keys()
    return all(np.array_equal(first[name], second[name]) for name in first)


def logged_tags(run):
    tags = set()
    for name in os.listdir(os.path.join(run, "logs")):
        for event in tf.compat.v1.train.summary_iterator(os.path.join(run, "logs", name)):
            tags |= {value.tag for value in event.summary.value}
    return tags


def start(run, config, *options):
    """A training process of its own, as a user starts it."""
    settings = [f"--set={k}={getattr(config, k)}" for k in ("size", "width", "batch", "freeze_at")]
    command = [sys.executable, "-m", "dlss_tf.cli", "train", "--run", run, "--data", config.data[0], *settings]
    command += ["--iterations", str(config.iterations), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def wait_for(path, process, seconds=120):
    limit = time.monotonic() + seconds
    while not os.path.exists(path):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.fixture(scope="module")
def unstopped(tiny_config, tmp_path_factory):
    run = str(tmp_path_factory.mktemp("runs") / "unstopped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "IMAGES_EVERY", 50)
        assert train(tiny_config.replace(iterations=60, freeze_at=0.5), run) == "complete"
    return run


def test_run_directory(unstopped, config):
    assert Config.load(os.path.join(unstopped, "config.json")) == config
    _, arrays = weights.load(unstopped)
    assert {a.dtype for a in arrays.values()} == {np.dtype("float32")}
    assert tf.train.latest_checkpoint(os.path.join(unstopped, "checkpoints")).endswith("-60")
    tags = logged_tags(unstopped)
    assert {"equation_3", "equation_7", "loss", "validation_equation_3", "replay_insertion_rate"} <= tags
    assert "validation input, output, target" in tags


def test_stopped_and_resumed_ends_with_the_same_weights(unstopped, config, tmp_path):
    run = str(tmp_path / "run")
    assert train(config, run, stop_at=50) == "stopped"
    assert not equal(run, unstopped)
    assert train(config, run, resume=True) == "complete"
    assert equal(run, unstopped)


@pytest.mark.slow
def test_killed_and_resumed_ends_with_the_same_weights(unstopped, config, tmp_path):
    run = str(tmp_path / "run")
    # Checkpoints as often as they can be written, so that the kill falls between, or into, some of them.
    process = start(run, config, "--set=checkpoint_minutes=1e-9")
    wait_for(os.path.join(run, "weights", "generator.npz"), process)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    latest = tf.train.latest_checkpoint(os.path.join(run, "checkpoints"))
    assert 1 <= int(latest.rsplit("-", 1)[1]) < 60
    assert train(config, run, resume=True) == "complete"
    assert equal(run, unstopped)


@pytest.mark.slow
def test_ctrl_c_saves_and_exits_cleanly(unstopped, config, tmp_path):
    run = str(tmp_path / "run")
    process = start(run, config, "--set=checkpoint_minutes=1e-9")
    wait_for(os.path.join(run, "weights", "generator.npz"), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "training interrupted" in out and "--resume" in out
    assert "Traceback" not in err
    assert train(config, run, resume=True) == "complete"
    assert equal(run, unstopped)


def test_checkpoint_that_a_kill_left_half_written_is_passed_over(unstopped, config, tmp_path):
    run = str(tmp_path / "run")
    train(config, run, stop_at=20)
    for name in ("ckpt-40.data-00000-of-00001", "ckpt-40_temp", "checkpoint.tmp123"):
        with open(os.path.join(run, "checkpoints", name), "wb") as file:
            file.write(b"half")
    assert train(config, run, resume=True) == "complete"
    assert equal(run, unstopped)


def test_training_starts_from_other_weights_of_the_same_kind(config, tiny_run, tmp_path):
    config = config.replace(start_from=tiny_run)
    state = trainer.State.create(config)
    trainer._start(config, state)
    assert arrays_equal(arrays(state.networks.generator), weights.load(tiny_run)[1])
    run = str(tmp_path / "run")
    for other in (config.replace(width=0.3), config.replace(start_from="huge")):
        with pytest.raises(InputError, match="start_from .*: expected .* width 0.3, .*, found 0.05|weights huge"):
            train(other, run)
        assert not os.path.exists(run)
    assert train(config, run, stop_at=8) == "stopped"
    assert train(config, run, resume=True, stop_at=9) == "stopped"


def test_divergence_stops_with_a_sentence_and_keeps_the_last_good_checkpoint(config, tmp_path):
    run = str(tmp_path / "run")
    train(config, run, stop_at=12)
    good = weights.load(run)[1]
    path = os.path.join(run, "config.json")
    with open(path, encoding="utf-8") as file:
        fields = json.load(file)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**fields, "learning_rate": 1e30}, file)
    with pytest.raises(TrainingStopped, match=r"became (nan|inf) at iteration 1\d; the last good checkpoint is .*-12;"):
        train(config.replace(learning_rate=1e30), run, resume=True)
    assert tf.train.latest_checkpoint(os.path.join(run, "checkpoints")).endswith("-12")
    np.testing.assert_equal(weights.load(run)[1], good)


def test_complete_run_resumes_to_nothing(unstopped, config, tmp_path):
    run = str(tmp_path / "run")
    shutil.copytree(unstopped, run)
    assert train(config, run, resume=True) == "complete"
    assert equal(run, unstopped)


def test_refuses_a_run_that_exists(unstopped, config):
    with pytest.raises(InputError, match="holds a run already; continue it with --resume"):
        train(config, unstopped)


def test_refuses_to_resume_with_other_options(unstopped, config):
    with pytest.raises(InputError, match=r"was begun with width 0.05, found 0.5"):
        train(config.replace(width=0.5), unstopped, resume=True)


def test_refuses_a_damaged_checkpoint(config, tmp_path):
    run = str(tmp_path / "run")
    train(config, run, stop_at=3)
    latest = tf.train.latest_checkpoint(os.path.join(run, "checkpoints"))
    with open(latest + ".data-00000-of-00001", "r+b") as file:
        file.truncate(1000)
    with pytest.raises(InputError, match="ckpt-3: expected this run's checkpoint, found"):
        train(config, run, resume=True)


@pytest.mark.parametrize(
    ("break_data", "sentence"),
    [
        (lambda root: shutil.rmtree(root), "does not exist"),
        (lambda root: shutil.rmtree(root / "val"), "val does not exist"),
        (lambda root: [p.unlink() for p in (root / "train").iterdir()], "holds no"),
        (lambda root: [p.write_bytes(b"") for p in (root / "train").iterdir()], "bad"),
        (lambda root: (root / "train" / "00000.tif").write_bytes(b"II*"), "1 of 12 files .* more than 1 in 100"),
    ],
    ids=["no folder", "no val", "no files", "all empty", "one in twelve bad"],
)
def test_bad_data_stops_with_one_sentence(config, tmp_path, break_data, sentence):
    root = tmp_path / "data"
    shutil.copytree(config.data[0], root)
    break_data(root)
    with pytest.raises(InputError, match=sentence):
        train(config.replace(data=(str(root),)), str(tmp_path / "run"))


def test_without_data_simulated_crops_are_made(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trainer, "SIMULATED_COUNTS", {"quick": {"train": 2, "val": 1, "test": 1}})
    assert train(config.replace(data=(), iterations=8), "run") == "complete"
    assert Config.load("run/config.json").data == (os.path.join("data", "simulated"),)
    assert len(os.listdir("data/simulated/train")) == 2


def test_unwritable_checkpoints_stop_with_a_sentence(config, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoints").write_text("a file where the folder should be")
    with pytest.raises(TrainingStopped, match=r"run .*run: cannot go on: .*checkpoints"):
        train(config, str(tmp_path / "run"), stop_at=1)


@pytest.fixture(scope="module")
def unstopped_adversarial(tiny_config, tmp_path_factory):
    run = str(tmp_path_factory.mktemp("runs") / "adversarial")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "LOG_EVERY", 6)
        assert train(tiny_config.replace(iterations=12, adversarial=True), run) == "complete"
    return run


@pytest.mark.slow
def test_adversarial_half_resumes_exactly_and_continues_a_run_that_was_begun_without(
    unstopped_adversarial, tiny_config, tmp_path
):
    config, run = tiny_config.replace(iterations=12), str(tmp_path / "run")
    assert train(config, run) == "complete"
    assert not equal(run, unstopped_adversarial)
    kept = os.path.join(unstopped_adversarial, trainer.NON_ADVERSARIAL)
    assert equal(run, kept) and not weights.load(kept)[0].adversarial
    assert {f"equation_{number}" for number in (3, 7, 8, 9, 10)} <= logged_tags(unstopped_adversarial)
    assert train(config.replace(adversarial=True), run, resume=True, stop_at=18) == "stopped"
    assert train(config.replace(adversarial=True), run, resume=True) == "complete"
    assert equal(run, unstopped_adversarial)
    with pytest.raises(InputError, match="was begun with adversarial True, found False"):
        train(config, run, resume=True)


@pytest.mark.slow
def test_no_blur_run_resumes_exactly(tiny_config, tmp_path):
    config = tiny_config.replace(iterations=12, objective="no-blur", track_p=True, average_predictor=0.9)
    runs = [str(tmp_path / name) for name in ("unstopped", "stopped")]
    assert train(config, runs[0]) == "complete"
    assert train(config, runs[1], stop_at=7) == "stopped"
    assert train(config, runs[1], resume=True) == "complete"
    assert equal(*runs)


@pytest.fixture
def one_stage_config(tiny_config):
    tiny = {name: getattr(tiny_config, name) for name in ("data", "size", "width", "batch", "checkpoint_minutes")}
    return preset("quick", "one-stage").replace(**tiny, iterations=60, freeze_at=0.5)


def test_one_stage_run_freezes_resumes_exactly_and_logs_its_losses(one_stage_config, tmp_path):
    runs = [str(tmp_path / name) for name in ("unstopped", "stopped")]
    assert train(one_stage_config, runs[0]) == "complete"
    assert train(one_stage_config, runs[1], stop_at=20) == "stopped"
    assert not equal(*runs)
    assert train(one_stage_config, runs[1], resume=True) == "complete"
    assert equal(*runs)
    assert weights.load(runs[0])[1]["conv2_norm/frozen"] == 1
    assert {"equation_11", "l2_penalty", "loss", "validation_equation_11"} <= logged_tags(runs[0])


def test_several_steps_a_call_are_the_same_steps(unstopped, config, tmp_path, monkeypatch):
    run = str(tmp_path / "run")
    monkeypatch.setattr(trainer, "_steps_per_call", lambda: 7)
    assert train(config, run, stop_at=13) == "stopped"
    assert tf.train.latest_checkpoint(os.path.join(run, "checkpoints")).endswith("-13")
    assert train(config, run, resume=True) == "complete"
    assert equal(run, unstopped)
    assert logged_tags(run) >= {"equation_3", "validation_equation_3"}
