"""What a run directory is made with, and which runs are refused before anything is computed."""

import os

import numpy as np
import pytest

from dlss_tf import weights
from dlss_tf.config import Config
from dlss_tf.errors import InputError
from dlss_tf.training import run_directory
from dlss_tf.training.run_directory import prepare
from dlss_tf.training.trainer import train


def test_a_new_run_gets_its_configuration(tiny_config, tmp_path):
    run = str(tmp_path / "run")
    assert prepare(tiny_config, run, resume=False) == tiny_config
    assert Config.load(os.path.join(run, "config.json")) == tiny_config
    assert (
        prepare(tiny_config.replace(data=()), run, resume=True) == tiny_config
    )  # data are those that it was begun with


def test_refuses_a_run_that_exists(tiny_run, tiny_config):
    with pytest.raises(InputError, match="holds a run already; continue it with --resume"):
        prepare(tiny_config, tiny_run, resume=False)


def test_refuses_to_resume_with_other_options(tiny_run, tiny_config):
    with pytest.raises(InputError, match=r"was begun with width 0.05, found 0.5"):
        prepare(tiny_config.replace(width=0.5), tiny_run, resume=True)


def test_an_adversarial_half_may_be_added(tiny_config, tmp_path):
    run = str(tmp_path / "run")
    prepare(tiny_config, run, resume=False)
    assert prepare(tiny_config.replace(adversarial=True), run, resume=True).adversarial
    with pytest.raises(InputError, match="was begun with adversarial True, found False"):
        prepare(tiny_config, run, resume=True)


def test_a_run_begun_by_earlier_rules_is_refused_but_its_weights_are_not(
    tiny_run, tiny_config, as_first_edition, tmp_path
):
    run = as_first_edition(tiny_run)
    begun = Config.load(os.path.join(run, "config.json"))
    sentence = f"run {run}: expected one begun by edition 2 .*, found edition 1; .* --start-from {run}"
    for asked in (begun, tiny_config, tiny_config.replace(adversarial=True)):
        with pytest.raises(InputError, match=sentence):
            train(asked, run, resume=True)
    kept, there = weights.load(run)[1], weights.load(tiny_run)[1]
    assert kept.keys() == there.keys() and all(np.array_equal(kept[name], there[name]) for name in there)
    new = str(tmp_path / "new")
    with pytest.raises(InputError, match="rules: expected 2, .*, found 1"):
        train(begun, new)
    assert not os.path.exists(new)
    assert train(tiny_config.replace(start_from=run), new, stop_at=1) == "stopped"


def test_without_data_simulated_crops_are_made(tiny_config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_directory, "SIMULATED_COUNTS", {"quick": {"train": 2, "val": 1, "test": 1}})
    prepare(tiny_config.replace(data=()), "run", resume=False)
    assert Config.load("run/config.json").data == (os.path.join("data", "simulated"),)
    assert len(os.listdir("data/simulated/train")) == 2
