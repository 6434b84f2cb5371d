"""What a run directory is refused for, and what is made when there is none."""

import os
import shutil
import warnings

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import weights
from dlss_tf.config import Config
from dlss_tf.errors import InputError, TrainingStopped
from dlss_tf.formats import locks
from dlss_tf.training import run_directory, trainer
from dlss_tf.training.run_directory import alone, check_not_lost, prepare
from dlss_tf.training.trainer import NON_ADVERSARIAL, train

pytestmark = pytest.mark.usefixtures("few_layers")


def test_a_new_run_gets_its_configuration(tiny_config, tmp_path):
    run = str(tmp_path / "run")
    assert prepare(tiny_config, run, resume=False) == tiny_config
    assert Config.load(os.path.join(run, "config.json")) == tiny_config
    assert prepare(tiny_config.replace(data=()), run, resume=True) == tiny_config  # the data that it was begun with


def test_an_adversarial_half_may_be_added(tiny_config, tmp_path):
    run = str(tmp_path / "run")
    prepare(tiny_config, run, resume=False)
    assert prepare(tiny_config.replace(adversarial=True), run, resume=True).adversarial
    with pytest.raises(InputError, match="was begun with adversarial True, found False"):
        prepare(tiny_config, run, resume=True)


def test_weights_to_start_from_take_the_place_of_the_non_adversarial_half(short_run, tiny_config, tmp_path):
    run = str(tmp_path / "run")
    config = tiny_config.replace(start_from=short_run, adversarial=True, size=64)
    assert train(config, run, stop_at=config.iterations + 1) == "stopped"
    begun, kept, trained = (weights.load(each)[1] for each in (short_run, os.path.join(run, NON_ADVERSARIAL), run))
    assert all(np.array_equal(kept[name], begun[name]) for name in begun)
    assert not all(np.array_equal(trained[name], begun[name]) for name in begun)
    assert any(f"ckpt-{config.iterations + 1}." in name for name in os.listdir(os.path.join(run, "checkpoints")))


def test_refuses_a_run_that_exists(short_run, tiny_config):
    with pytest.raises(InputError, match="holds a run already; continue it with --resume"):
        train(tiny_config, short_run)


def test_refuses_to_resume_with_other_options(short_run, tiny_config):
    with pytest.raises(InputError, match=r"was begun with width 0.05, found 0.5"):
        train(tiny_config.replace(width=0.5), short_run, resume=True)


def test_a_run_begun_by_earlier_rules_is_refused_but_its_weights_are_not(
    short_run, tiny_config, as_first_edition, tmp_path
):
    run = as_first_edition(short_run)
    begun = Config.load(os.path.join(run, "config.json"))
    sentence = f"run {run}: expected one begun by edition 2 .*, found edition 1; .* --start-from {run}"
    for asked in (begun, tiny_config, tiny_config.replace(adversarial=True)):
        with pytest.raises(InputError, match=sentence):
            train(asked, run, resume=True)
    new = str(tmp_path / "new")
    with pytest.raises(InputError, match="rules: expected 2, .*, found 1"):
        train(begun, new)
    assert not os.path.exists(new)
    assert train(tiny_config.replace(start_from=run), new, stop_at=1) == "stopped"


def test_another_process_that_trains_it_is_named(tiny_config, tmp_path):
    run = str(tmp_path / "run")
    with alone(run):
        with pytest.raises(
            InputError, match=f"run {run}: expected nobody else to train it, found process {os.getpid()}"
        ):
            train(tiny_config, run)
        prepare(tiny_config, run, resume=False)
    assert sorted(os.listdir(run)) == ["config.json", "data.json"]


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path):
    with pytest.raises(InputError), alone(str(tmp_path / "runs" / "new")):
        raise InputError("bad")
    assert not os.listdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/run: expected a folder that can be written, found: Not a directory"):
        alone(str(tmp_path / "file" / "run")).__enter__()


def test_without_locks_it_warns_and_removes_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    left = tmp_path / "checkpoints" / "ckpt-7_temp"
    left.mkdir(parents=True)
    with pytest.warns(UserWarning, match="this file system has no locks"), alone(str(tmp_path)):
        assert left.exists()


def test_what_a_kill_left_in_it_goes(tmp_path):
    left = [".0123456789abcdef.part.json", "weights/.0123456789abcdef.part.npz", "checkpoints/.0123456789abcdef.lock"]
    left.append("non-adversarial/weights/.0123456789abcdef.part.npz")
    for name in (*left, "notes.txt", "weights/generator.npz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "checkpoints" / "ckpt-7_temp").mkdir()
    with alone(str(tmp_path)):
        assert not any((tmp_path / name).exists() for name in (*left, "checkpoints/ckpt-7_temp"))
    assert (tmp_path / "notes.txt").exists() and (tmp_path / "weights" / "generator.npz").exists()


@pytest.fixture
def begun(tiny_config, tmp_path):
    """A run that was begun with data of its own, and its configuration."""
    root = shutil.copytree(tiny_config.data[0], tmp_path / "data")
    config = tiny_config.replace(data=(str(root),))
    prepare(config, str(tmp_path / "run"), resume=False)
    return config, tmp_path


CHANGES = {
    "removed": (lambda train: (train / "00003.tif").unlink(), "train 12 then, 11 now"),
    "added": (lambda train: shutil.copy(train / "00003.tif", train / "more.tif"), "train 12 then, 13 now"),
    "renamed": (lambda train: (train / "00003.tif").rename(train / "x.tif"), "train 12 then, 12 now"),
    "rewritten": (lambda train: os.utime(train / "00003.tif", (1, 1)), "train 12 then, 12 now"),
    "resized": (lambda train: (train / "00003.tif").write_bytes(b"II*"), "train 12 then, 12 now"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_data_that_changed_since_it_was_begun_is_told_each_time(begun, change):
    config, folder = begun
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prepare(config, str(folder / "run"), resume=True)
    make, counts = CHANGES[change]
    make(folder / "data" / "train")
    for _ in range(2):
        with pytest.warns(UserWarning, match=rf"run .*: its data changed since it was begun, .* \(files: {counts}\)"):
            prepare(config, str(folder / "run"), resume=True)


def test_a_run_of_before_data_was_noted_notes_it_now(begun):
    config, folder = begun
    noted = (folder / "run" / "data.json").read_text()
    (folder / "run" / "data.json").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prepare(config, str(folder / "run"), resume=True)
    assert (folder / "run" / "data.json").read_text() == noted


@pytest.mark.parametrize("content", ["", "[]", '{"train": 3, "val": null}'])
def test_a_damaged_note_of_the_data_is_no_reason_to_end(begun, content):
    config, folder = begun
    (folder / "run" / "data.json").write_text(content)
    with pytest.warns(UserWarning, match="train unknown then, 12 now"):
        prepare(config, str(folder / "run"), resume=True)


def test_lost_checkpoints_are_not_begun_anew(tmp_path):
    check_not_lost(str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "checkpoint").touch()
    with pytest.raises(InputError, match="expected a checkpoint in .*, found none, though it has saved some"):
        check_not_lost(str(tmp_path))
    (tmp_path / "checkpoints" / "ckpt-7.index").touch()
    check_not_lost(str(tmp_path))
    (tmp_path / "checkpoints" / "checkpoint").unlink()
    check_not_lost(str(tmp_path))  # killed after the first checkpoint, before its note
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "generator.npz").touch()
    with pytest.raises(
        InputError, match="checkpoint: expected the file .*, found none; if ckpt-7 .* make an empty one"
    ):
        check_not_lost(str(tmp_path))


def test_a_run_whose_checkpoints_are_damaged_or_lost_is_not_begun_anew(short_run, tiny_config, tmp_path):
    run = shutil.copytree(short_run, tmp_path / "run")
    os.truncate(run / "checkpoints" / "ckpt-16.data-00000-of-00001", 1000)
    with pytest.raises(InputError, match="ckpt-16: expected a whole checkpoint, found a damaged one, and none before"):
        train(tiny_config, str(run), resume=True)
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(InputError, match="expected a checkpoint in .*checkpoints, found none, though it has saved"):
        train(tiny_config, str(run), resume=True)


@pytest.mark.parametrize(("split", "steps"), [("train", 1), ("train", 3), ("val", 1)])
def test_bad_data_in_the_middle_saves_what_was_done(short_run, tiny_config, tmp_path, monkeypatch, split, steps):
    """Mended, it gives the weights of a run that was never stopped."""
    root, run, damaged = shutil.copytree(tiny_config.data[0], tmp_path / "data"), str(tmp_path / "run"), []
    iterate = trainer._Loop._iterate

    def damaging(loop, iteration, last):
        if iteration >= 3 and not damaged:
            damaged.extend(sorted((root / split).glob("*.tif")))
            for path in damaged:
                path.rename(f"{path}.away")
                path.write_bytes(b"II*")
            loop._make_streams()  # what has been read ahead counts for nothing
        return iterate(loop, iteration, last)

    monkeypatch.setattr(trainer._Loop, "_iterate", damaging)
    monkeypatch.setattr(trainer, "VALIDATE_EVERY", 2)
    monkeypatch.setattr(trainer, "_steps_per_call", lambda: steps)
    config = tiny_config.replace(data=(str(root),))
    with pytest.raises(InputError, match=r"; the \d+ iterations done before are saved: mend"):
        train(config, run)
    latest = tf.train.latest_checkpoint(os.path.join(run, "checkpoints"))
    saved = int(tf.train.load_variable(latest, "counters/iteration/.ATTRIBUTES/VARIABLE_VALUE"))
    power = tf.train.load_variable(latest, "generator_adam/beta2_power/.ATTRIBUTES/VARIABLE_VALUE")
    assert 3 <= saved < 16 and latest.endswith(f"ckpt-{saved}") and power == pytest.approx(0.999 ** (saved + 1), 1e-5)
    for path in damaged:
        os.replace(f"{path}.away", path)
    assert train(config, run, resume=True) == "complete"
    expected, found = weights.load(short_run)[1], weights.load(run)[1]
    assert all(np.array_equal(expected[name], found[name]) for name in expected)


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
def test_bad_data_stops_with_one_sentence(tiny_config, tmp_path, break_data, sentence):
    root = tmp_path / "data"
    shutil.copytree(tiny_config.data[0], root)
    break_data(root)
    with pytest.raises(InputError, match=sentence):
        train(tiny_config.replace(data=(str(root),)), str(tmp_path / "run"))


def test_without_data_simulated_crops_are_made(tiny_config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_directory, "SIMULATED_COUNTS", {"quick": {"train": 2, "val": 1, "test": 1}})
    assert train(tiny_config.replace(data=(), iterations=8), "run") == "complete"
    assert Config.load("run/config.json").data == (os.path.join("data", "simulated"),)
    assert len(os.listdir("data/simulated/train")) == 2


def test_unwritable_checkpoints_stop_with_a_sentence(tiny_config, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoints").write_text("a file where the folder should be")
    with pytest.raises(TrainingStopped, match=r"run .*run: cannot go on: .*checkpoints"):
        train(tiny_config, str(tmp_path / "run"), stop_at=1)
