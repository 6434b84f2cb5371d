"""What a run directory is refused for, and what is made when there is none."""

import os
import shutil

import numpy as np
import pytest

from dlss_tf import weights
from dlss_tf._compat import arrays
from dlss_tf.config import Config
from dlss_tf.errors import InputError, TrainingStopped
from dlss_tf.models import generators
from dlss_tf.training import run_directory
from dlss_tf.training.run_directory import prepare
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


def test_weights_to_start_from_take_the_place_of_the_non_adversarial_half(tiny_config, tmp_path):
    other, run = str(tmp_path / "other"), str(tmp_path / "run")
    networks = generators.build(tiny_config)
    generators.initialize(tiny_config.replace(seed=5), networks)
    weights.save(other, arrays(networks.generator))
    tiny_config.save_in(other)
    config = tiny_config.replace(start_from=other, adversarial=True, size=64)
    assert train(config, run, stop_at=config.iterations + 1) == "stopped"
    begun, kept, trained = (weights.load(each)[1] for each in (other, os.path.join(run, NON_ADVERSARIAL), run))
    assert all(np.array_equal(kept[name], begun[name]) for name in begun)
    assert not all(np.array_equal(trained[name], begun[name]) for name in begun)
    assert any(f"ckpt-{config.iterations + 1}." in name for name in os.listdir(os.path.join(run, "checkpoints")))


def test_refuses_a_run_that_exists(tiny_run, tiny_config):
    with pytest.raises(InputError, match="holds a run already; continue it with --resume"):
        train(tiny_config, tiny_run)


def test_refuses_to_resume_with_other_options(tiny_run, tiny_config):
    with pytest.raises(InputError, match=r"was begun with width 0.05, found 0.5"):
        train(tiny_config.replace(width=0.5), tiny_run, resume=True)


def test_a_run_begun_by_earlier_rules_is_refused_but_its_weights_are_not(
    tiny_run, tiny_config, as_first_edition, tmp_path
):
    run = as_first_edition(tiny_run)
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
