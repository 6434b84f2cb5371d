import json
import os
import shutil
import signal

import numpy as np
import pytest
import shallow

from dlss_tf import Supersampler, weights
from dlss_tf._compat import arrays, assign
from dlss_tf.config import Config
from dlss_tf.data.files import list_files
from dlss_tf.errors import InputError, TrainingStopped
from dlss_tf.evaluation import finetune as module
from dlss_tf.evaluation.finetune import RECORD, finetune
from dlss_tf.formats import digests
from dlss_tf.models import generators
from dlss_tf.training import settings


@pytest.fixture
def looked_at(monkeypatch):
    """`looked_at(errors, ...)`: what validation images say, look after look, the last one for ever; one coverage each,
    or all alike."""

    def script(*errors):
        left = list(errors)

        def root_mses(config, generator, crops, factors):
            found = left.pop(0) if len(left) > 1 else left[0]
            return dict(zip(factors, found)) if isinstance(found, tuple) else dict.fromkeys(factors, found)

        monkeypatch.setattr(module, "root_mses", root_mses)

    return script


@pytest.fixture
def trained(monkeypatch):
    """`trained(until)`: training is up to that iteration, after which a signal comes; weights are its number."""

    def script(until, error=None):
        def train(config, run, resume, watch):
            for iteration in range(until):
                if watch(iteration, {"w": np.full(1, iteration, np.float32)}):
                    return "stopped"
            if error:
                raise error
            return "interrupted"

        monkeypatch.setattr(module, "train", train)
        monkeypatch.setattr(module, "arrays", lambda generator: generator)
        monkeypatch.setattr(module._Looks, "_part_way", lambda looks, end, share: {"w": share * end["w"]})
        monkeypatch.setattr(module, "report", lambda *_: None)

    return script


@pytest.fixture
def start(short_run, tmp_path):
    """A generator to start from, that tells its errors."""
    run = shutil.copytree(short_run, str(tmp_path / "start"))
    weights.save(run, {"calibration": np.ones(1, np.float32)}, weights.SPREAD_FILE)
    return run


@pytest.fixture
def run(tmp_path):
    return str(tmp_path / "run")


def iteration_of(run):
    return weights.load(run)[1]["w"][0]


def as_it_was(run, start):
    return all(
        digests.of_file(os.path.join(run, name)) == digests.of_file(os.path.join(start, name))
        for name in ("config.json", weights.FILE, weights.SPREAD_FILE)
    )


def test_keeps_the_best_and_ends_when_nothing_better_comes(start, tiny_data, run, looked_at, trained):
    """And says what it was made from."""
    looked_at(0.1, 0.09, 0.08, 0.085)
    trained(10_000)
    record = finetune([tiny_data], run, start)
    assert (record["ended"], record["delivered"], iteration_of(run)) == ("no longer better", 100, 100)
    assert list(map(int, record["checks"])) == list(range(0, 601, 50))
    with open(os.path.join(run, RECORD), encoding="utf-8") as file:
        assert json.load(file) == record
    assert record["start"]["sha256"] == weights.digest(start)
    assert {split: each["files"] for split, each in record["data"].items()} == {"train": 12, "val": 4, "test": 3}
    assert Config.load(os.path.join(run, "config.json")).start_from == start
    assert not os.path.exists(os.path.join(run, weights.SPREAD_FILE))  # of the generator before


@pytest.mark.parametrize(
    "errors",
    [(0.1, 0.11), (0.1, 0.09995), ((0.1, 0.1, 0.1, 0.1, 0.1), (0.05, 0.05, 0.05, 0.05, 0.101))],
    ids=["worse", "hardly better", "worse at one coverage"],
)
def test_nothing_worse_is_delivered(start, tiny_data, run, looked_at, trained, errors):
    """Then there is what it started from, byte by byte."""
    looked_at(*errors)
    trained(10_000)
    assert finetune([tiny_data], run, start)["delivered"] == 0
    assert as_it_was(run, start)


def test_goes_back_on_the_way_until_nowhere_worse(start, tiny_data, run, looked_at, trained):
    """Half of it here; the next look is better on average, but nowhere on the way as close at each coverage."""
    before, worse = (0.1,) * 5, (0.05, 0.05, 0.05, 0.05, 0.101)
    looked_at(before, worse, (0.09,) * 5, worse)
    trained(101)
    record = finetune([tiny_data], run, start)
    assert (record["delivered"], record["shares"]) == (50, {"0": 1.0, "50": 0.5, "100": 1.0})
    assert set(record["checks"]["50"].values()) == {0.09}
    assert iteration_of(run) == 25


def test_weights_part_of_the_way(short_run, tiny_data, run, monkeypatch):
    """From the same ends again and again, whatever share was asked for before."""
    shallow.shallow(monkeypatch)
    config, held = weights.load(short_run)
    end = generators.build(config).generator
    assign(end, {name: value + 1 for name, value in held.items()})
    files = list_files([tiny_data], "val")
    looks = module._Looks(run, config.replace(start_from=short_run), {"seconds": 0.0}, files, 1.0)
    for share in (0.5, 0.25):
        found = arrays(looks._part_way(end, share))
        assert found.keys() == held.keys()
        assert all(np.allclose(found[name], value + share) for name, value in held.items())


def test_ends_in_time_and_goes_on_with_more(start, tiny_data, run, looked_at, trained, monkeypatch):
    """After a last look, wherever that is."""
    looked_at(0.1, 0.09, 0.08, 0.07)
    trained(10_000)
    now = iter(range(0, 10_000_000, 2))  # s, two a look at the clock
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(now)))
    record = finetune([tiny_data], run, start, minutes=1)
    assert record["ended"] == "out of time" and 0 < record["seconds"] < 90
    last = int(list(record["checks"])[-1])
    assert last % 50 and record["delivered"] == last
    record = finetune([tiny_data], run, start, minutes=10)
    assert record["delivered"] > last and record["seconds"] > 500


def test_interrupted_it_holds_the_best_and_goes_on(start, tiny_data, run, looked_at, trained):
    looked_at(0.1, 0.09, 0.095)
    trained(110)
    assert finetune([tiny_data], run, start)["ended"] == "interrupted"
    assert iteration_of(run) == 50
    trained(10_000)
    assert finetune([tiny_data], run, start)["delivered"] == 50


def test_training_that_fails_leaves_the_best(start, tiny_data, run, looked_at, trained):
    looked_at(0.1, 0.09)
    trained(60, TrainingStopped("training: loss became nan"))
    with pytest.warns(UserWarning, match="loss became nan"):
        assert finetune([tiny_data], run, start)["ended"] == "failed"
    assert iteration_of(run) == 50


def test_one_validation_image_is_thin_evidence(start, tiny_data, tmp_path, run, looked_at, trained):
    """And a test split may lack."""
    data = str(tmp_path / "data")
    shutil.copytree(os.path.join(tiny_data, "train"), os.path.join(data, "train"))
    os.mkdir(os.path.join(data, "val"))
    name = sorted(os.listdir(os.path.join(tiny_data, "val")))[0]
    shutil.copy(os.path.join(tiny_data, "val", name), os.path.join(data, "val"))
    looked_at(0.1, 0.09)
    trained(60)
    with pytest.warns(UserWarning, match=f"{name}: the only validation image, thin evidence"):
        assert finetune([data], run, start)["looked_at"] == 1


def test_refuses_another_run_and_one_begun_otherwise(start, tiny_data, tmp_path, run, looked_at, trained):
    with pytest.raises(InputError, match="expected a new folder, or one that finetune made, found another run"):
        finetune([tiny_data], start, start)
    with pytest.raises(InputError, match="minutes: expected a positive number, found 0"):
        finetune([tiny_data], run, start, minutes=0)
    assert not os.path.exists(run)
    looked_at(0.1)
    trained(10)
    finetune([tiny_data], run, start)
    other = shutil.copytree(tiny_data, tmp_path / "other")
    for changes, words in (({"start": "unified-small"}, "other weights"), ({"seed": 1}, "seed"), ({}, "other data")):
        data = [tiny_data] if changes else [str(other)]
        with pytest.raises(InputError, match=f"was begun with .*{words}"):
            finetune(data, run, **{"start": start, **changes})


def test_a_real_one_interrupted_by_a_signal_and_gone_on_with(short_run, tiny_data, run, monkeypatch):
    """It trains, delivers what commands take, and says before and after."""
    shallow.shallow(monkeypatch)
    monkeypatch.setattr(module, "LOOK_EVERY", 2)
    monkeypatch.setattr(settings, "MOST_ITERATIONS", 8)
    look = module.root_mses

    def interrupting(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return look(*arguments)

    monkeypatch.setattr(module, "root_mses", interrupting)
    assert finetune([tiny_data], run, short_run)["ended"] == "interrupted"
    assert weights.digest(run) == weights.digest(short_run)
    monkeypatch.setattr(module, "root_mses", look)
    record = finetune([tiny_data], run, short_run)
    assert (record["ended"], list(record["checks"])) == ("complete", ["0", "2", "4", "6", "8"])
    assert record["delivered"] and record["validation"]["after"] != record["validation"]["before"]
    assert {"finetune.png", "MODEL_CARD.md", RECORD} <= set(os.listdir(run))
    assert Supersampler(run).config.start_from == short_run
