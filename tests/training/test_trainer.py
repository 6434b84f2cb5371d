"""The loop through real runs of a tiny network: resumption, interruption, divergence, refusals."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import shallow
import tensorflow as tf

from dlss_tf import weights
from dlss_tf._compat import arrays
from dlss_tf.config import Config, preset
from dlss_tf.errors import InputError, TrainingStopped
from dlss_tf.training import losses, trainer
from dlss_tf.training import start as start_module
from dlss_tf.training.trainer import train


@pytest.fixture(scope="module", autouse=True)
def small():
    """Networks of few layers, and two validation steps between log entries."""
    with pytest.MonkeyPatch.context() as patch:
        shallow.shallow(patch)
        patch.setattr(trainer, "LOG_EVERY", 10)
        patch.setattr(trainer, "VALIDATE_EVERY", 5)
        yield


@pytest.fixture(scope="module")
def config(tiny_config):
    # Validation steps, frozen means and the rate's decay all fall within the run; its loss is read at every iteration.
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


def logged(run):
    """Every scalar logged at every iteration; of the last log that has it."""
    values = {}
    for name in sorted(os.listdir(os.path.join(run, "logs"))):
        for event in tf.compat.v1.train.summary_iterator(os.path.join(run, "logs", name)):
            for value in event.summary.value:
                if value.tensor.dtype == tf.float32.as_datatype_enum:
                    values[value.tag, event.step] = tf.make_ndarray(value.tensor).item()
    return values


def in_checkpoint(run, name):
    """A value of the latest checkpoint."""
    latest = tf.train.latest_checkpoint(os.path.join(run, "checkpoints"))
    return tf.train.load_variable(latest, f"{name}/.ATTRIBUTES/VARIABLE_VALUE")


def start(run, config, *options):
    """A training process of its own, as a user starts it, with networks as few layers as here."""
    settings = [f"--set={k}={getattr(config, k)}" for k in ("size", "width", "batch", "freeze_at")]
    command = [sys.executable, shallow.__file__, "train", "--run", run, "--data", config.data[0], *settings]
    command += ["--iterations", str(config.iterations), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def iterations_saved(run):
    """Of the latest checkpoint; 0 if there is none."""
    latest = tf.train.latest_checkpoint(os.path.join(run, "checkpoints"))
    return int(latest.rsplit("-", 1)[1]) if latest else 0


def wait_until(condition, process, seconds=120):
    limit = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.fixture(scope="module")
def unstopped(config, shared_folder):
    def make(run):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trainer, "IMAGES_EVERY", 50)
            assert train(config, run) == "complete"

    return shared_folder("unstopped", make)


def test_run_directory(unstopped, config):
    assert Config.load(os.path.join(unstopped, "config.json")) == config
    _, arrays = weights.load(unstopped)
    assert {a.dtype for a in arrays.values()} == {np.dtype("float32")}
    assert iterations_saved(unstopped) == 60
    tags = logged_tags(unstopped)
    assert {"equation_3", "equation_7", "loss", "validation_equation_3", "replay_insertion_rate"} <= tags
    assert "validation input, output, target" in tags


@pytest.fixture(scope="module")
def stopped(config, shared_folder):
    """The same run, stopped after 49 iterations, which were done three a call."""

    def make(run):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trainer, "_steps_per_call", lambda: 3)
            assert train(config, run, stop_at=49) == "stopped"

    return shared_folder("stopped", make)


def check_updates(run, iterations):
    """So many updates by ADAM, and a validation batch after every fifth; four validation crops, two a batch."""
    assert iterations_saved(run) == in_checkpoint(run, "counters/iteration") == iterations
    assert in_checkpoint(run, "generator_adam/beta2_power") == pytest.approx(0.999 ** (iterations + 1), rel=1e-5)
    assert in_checkpoint(run, "counters/validation_position") == 2 * (iterations // trainer.VALIDATE_EVERY)


def test_an_iteration_is_an_update(unstopped, stopped):
    check_updates(unstopped, 60)
    check_updates(stopped, 49)


def copied(run, tmp_path):
    return shutil.copytree(run, str(tmp_path / "copy"))


def train_and_copy(config, run, iterations):
    """A complete run, and a copy of it as a kill would have left it once so many iterations were saved."""
    iterate = trainer._Loop._iterate

    def copying(loop, iteration, last):
        if iteration == iterations:
            loop._save(iteration)
            shutil.copytree(run, f"{run}-killed")
        return iterate(loop, iteration, last)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer._Loop, "_iterate", copying)
        assert train(config, run) == "complete"
    return run, f"{run}-killed"


@pytest.mark.slow
def test_several_steps_a_call_stopped_before_at_and_after_a_validation_step_go_on_as_if_not(
    unstopped, stopped, config, tmp_path
):
    """The same weights, and the same losses: nine wait at 49 for their mean to be logged, at 50 none, at 51 one."""
    run = copied(stopped, tmp_path)
    assert ("validation_equation_3", 50) not in logged(run)
    for iterations in (50, 51):
        assert train(config, run, resume=True, stop_at=iterations) == "stopped"
        check_updates(run, iterations)
        assert ("validation_equation_3", 50) in logged(run)
    assert not equal(run, unstopped)
    assert train(config, run, resume=True) == "complete"
    check_updates(run, 60)
    assert equal(run, unstopped)
    means = {step for tag, step in logged(unstopped) if tag in ("loss", "validation_equation_3")}
    assert means == {10, 20, 30, 40, 50, 60}
    assert logged(run) == logged(unstopped)


@pytest.mark.slow
def test_interrupted_killed_and_resumed_ends_with_the_same_weights(unstopped, config, tmp_path):
    run = str(tmp_path / "run")
    # Checkpoints as often as they can be written, so that the kill falls between, or into, some of them.
    process = start(run, config, "--set=checkpoint_minutes=1e-9")
    wait_until(lambda: iterations_saved(run) >= 1, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "training interrupted" in out and "--resume" in out
    assert "Traceback" not in err
    interrupted = iterations_saved(run)
    assert 1 <= interrupted < 60
    process = start(run, config, "--set=checkpoint_minutes=1e-9", "--resume")
    wait_until(lambda: iterations_saved(run) > interrupted, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert interrupted < iterations_saved(run) < 60
    for name in ("ckpt-59.data-00000-of-00001", "ckpt-59_temp", "checkpoint.tmp123"):  # what a kill may leave
        with open(os.path.join(run, "checkpoints", name), "wb") as file:
            file.write(b"half")
    assert train(config, run, resume=True) == "complete"
    assert equal(run, unstopped)


def test_training_starts_from_other_weights_of_the_same_kind(config, stopped, tmp_path):
    config = config.replace(start_from=stopped)
    state = trainer.State.create(config)
    start_module.begin(config, state)
    assert arrays_equal(arrays(state.networks.generator), weights.load(stopped)[1])
    run = str(tmp_path / "run")
    refusals = "start_from .*: expected .* (width 0.3|activation leaky), .*, found (0.05|relu)|weights huge"
    for changes in ({"width": 0.3}, {"activation": "leaky"}, {"start_from": "huge"}):
        other = config.replace(**changes)
        with pytest.raises(InputError, match=refusals):
            train(other, run)
        assert not os.path.exists(run)
    assert train(config, run, stop_at=8) == "stopped"
    assert train(config, run, resume=True, stop_at=9) == "stopped"


def test_divergence_stops_with_a_sentence_and_keeps_the_last_good_checkpoint(stopped, config, tmp_path, monkeypatch):
    run = copied(stopped, tmp_path)
    finite = losses.equation_3
    monkeypatch.setattr(losses, "equation_3", lambda *arguments: finite(*arguments) * np.inf)
    with pytest.raises(TrainingStopped, match=r"became (nan|inf) at iteration 5\d; the last good checkpoint is .*-49;"):
        train(config, run, resume=True)
    assert iterations_saved(run) == 49
    assert equal(run, stopped)


def test_complete_run_resumes_to_nothing(unstopped, config, tmp_path):
    run = copied(unstopped, tmp_path)
    assert train(config, run, resume=True) == "complete"
    assert equal(run, unstopped)


@pytest.mark.slow
def test_adversarial_half_resumes_exactly_and_continues_a_run_that_was_begun_without(
    tiny_config, tmp_path, monkeypatch
):
    monkeypatch.setattr(trainer, "LOG_EVERY", 6)
    config = tiny_config.replace(iterations=12, average_weights=0.999)
    run, unstopped = str(tmp_path / "run"), str(tmp_path / "unstopped")
    assert train(config.replace(adversarial=True), unstopped) == "complete"
    assert train(config, run) == "complete"
    assert not equal(run, unstopped)
    kept = os.path.join(unstopped, trainer.NON_ADVERSARIAL)
    assert equal(run, kept) and not weights.load(kept)[0].adversarial
    assert {f"equation_{number}" for number in (3, 7, 8, 9, 10)} <= logged_tags(unstopped)
    assert train(config.replace(adversarial=True), run, resume=True, stop_at=18) == "stopped"
    assert train(config.replace(adversarial=True), run, resume=True) == "complete"
    assert equal(run, unstopped)
    with pytest.raises(InputError, match="was begun with adversarial True, found False"):
        train(config, run, resume=True)


@pytest.mark.slow
def test_no_blur_run_resumes_exactly(tiny_config, tmp_path):
    config = tiny_config.replace(
        iterations=12, objective="no-blur", track_p=True, average_predictor=0.9, average_weights=0.9
    )
    run, killed = train_and_copy(config, str(tmp_path / "run"), 7)
    assert not equal(run, killed)
    assert train(config, killed, resume=True) == "complete"
    assert equal(run, killed)


@pytest.fixture
def one_stage_config(tiny_config):
    tiny = {name: getattr(tiny_config, name) for name in ("data", "size", "width", "batch", "checkpoint_minutes")}
    return preset("quick", "one-stage").replace(**tiny, iterations=60, freeze_at=0.5, average_weights=0.999)


def test_one_stage_run_freezes_resumes_exactly_and_logs_its_losses(one_stage_config, tmp_path):
    run, killed = train_and_copy(one_stage_config, str(tmp_path / "run"), 20)
    assert not equal(run, killed)
    assert train(one_stage_config, killed, resume=True) == "complete"
    assert equal(run, killed)
    assert weights.load(run)[1]["conv2_norm/frozen"] == 1
    assert in_checkpoint(run, "counters/position") == 60 * one_stage_config.batch  # no example went into replay first
    assert {"equation_11", "l2_penalty", "loss", "validation_equation_11"} <= logged_tags(run)
