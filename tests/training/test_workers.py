"""Workers: who they are, and real ones on this machine that train one run, lose one of them, and go on."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import smooth
import tensorflow as tf

from benchmarks.workers import clusters
from dlss_tf import weights
from dlss_tf._compat import arrays
from dlss_tf.config import preset
from dlss_tf.errors import InputError, TrainingStopped
from dlss_tf.training import checkpoints, workers
from dlss_tf.training import start as start_module
from dlss_tf.training.state import State
from dlss_tf.training.trainer import train

CLUSTER = {"worker": ["a:1", "b:2"]}
SLURM = {
    "SLURM_PROCID": "2",
    "SLURM_STEP_NUM_TASKS": "3",
    "SLURM_STEP_NODELIST": "node[07-08]",
    "SLURM_STEP_TASKS_PER_NODE": "2,1",
}


@pytest.fixture
def environment(monkeypatch):
    for name in ("TF_CONFIG", *SLURM):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "number"),
    [(CLUSTER, "worker", 1, 1), ({"chief": ["c:3"], **CLUSTER}, "worker", 1, 2), ({"chief": ["c:3"]}, "chief", 0, 0)],
)
def test_a_cluster_of_tf_config(environment, cluster, kind, index, number):
    environment.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}))
    found = workers.cluster()
    assert found.addresses == cluster
    assert (found.number, found.count) == (number, sum(map(len, cluster.values())))


def test_a_cluster_of_slurm(environment):
    for name, value in SLURM.items():
        environment.setenv(name, value)
    found = workers.cluster()
    assert found.addresses == {"worker": ["node07:8888", "node07:8889", "node08:8888"]}
    assert (found.number, found.count) == (2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "two machines",
        "[]",
        json.dumps({"cluster": CLUSTER}),
        json.dumps({"cluster": CLUSTER, "task": {"type": "worker", "index": 2}}),
        json.dumps({"cluster": CLUSTER, "task": {"type": "ps", "index": 0}}),
        json.dumps({"cluster": {**CLUSTER, "ps": ["c:3"]}, "task": {"type": "worker", "index": 0}}),
        json.dumps({"cluster": {"worker": ["a", "b:2"]}, "task": {"type": "worker", "index": 0}}),
    ],
)
def test_what_is_no_cluster_is_told(environment, text):
    environment.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match="^TF_CONFIG: expected .*, found "):
        workers.cluster()


def test_a_cluster_that_nobody_names_is_told(environment):
    with pytest.raises(InputError, match="expected the environment variable TF_CONFIG or a job step of SLURM"):
        workers.cluster()
    for name, value in {**SLURM, "SLURM_STEP_NODELIST": "node[7"}.items():
        environment.setenv(name, value)
    with pytest.raises(InputError, match="expected a job step of SLURM, found: .*node"):
        workers.cluster()


def test_a_lost_worker_ends_the_others_with_a_sentence():
    said = "Connection reset by peer from remote target /job:worker/replica:0/task:1 while calling"
    for message, who in ((said, "worker 1"), ("aborted", "another worker")):
        sentence = f"^run runs/a: {who} ended or cannot be reached.*--resume$"
        with pytest.raises(TrainingStopped, match=sentence), workers.one_ends_all("runs/a"):
            raise tf.errors.UnavailableError(None, None, message)
    with pytest.raises(tf.errors.ResourceExhaustedError), workers.one_ends_all("runs/a"):
        raise tf.errors.ResourceExhaustedError(None, None, "memory")


def start(run, config, *options):
    """Two workers, as a user starts them."""
    settings = [f"--set={k}={getattr(config, k)}" for k in ("size", "width", "batch", "freeze_at", "iterations")]
    command = [sys.executable, smooth.__file__, "train", "--run", run, "--data", config.data[0], *settings]
    command += ["--network=one-stage", "--strategy=multiworker", "--set=checkpoint_minutes=1e-9", *options]
    return [
        subprocess.Popen(
            command,
            env={**os.environ, "TF_CONFIG": task},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for task in clusters(2)
    ]


@pytest.mark.slow
@pytest.mark.once
def test_two_workers_lose_one_go_on_as_two_and_as_one_and_end_as_one_process_does(tiny_config, tmp_path, monkeypatch):
    """Batches of three, of which one worker reads one crop and the other two; all in a sequence, as starts are slow."""
    smooth.smooth(monkeypatch)
    tiny = {name: getattr(tiny_config, name) for name in ("data", "size", "width", "checkpoint_minutes")}
    config = preset("quick", "one-stage").replace(**tiny, iterations=40, batch=3, freeze_at=0.5)
    alone, run = str(tmp_path / "alone"), str(tmp_path / "run")
    chief, other = start(run, config)
    while not checkpoints.saved(run):
        assert chief.poll() is None, chief.communicate()
        time.sleep(0.02)
    other.send_signal(signal.SIGKILL)
    _, said = chief.communicate(timeout=60)
    other.communicate()
    lines = [line for line in said.splitlines() if not re.match("training: |WARNING: All log|I0000 ", line)]
    assert chief.returncode == 2  # `smooth` imports TensorFlow before it is told to be quiet
    assert len(lines) == 1 and "worker 1 ended or cannot be reached" in lines[0] and "--resume" in lines[0]

    at = checkpoints.iterations(checkpoints.saved(run)[0])
    both = start(run, config, "--resume", "--stop-at", str(at + 4))
    ended = [each.communicate(timeout=300) for each in both]
    assert [each.returncode for each in both] == [0, 0], ended
    assert "training" in ended[0][0] and not ended[1][0]
    assert checkpoints.iterations(checkpoints.saved(run)[0]) == at + 4 < 40

    assert train(config, run, resume=True) == "complete"
    assert train(config, alone) == "complete"
    begun = State.create(config)
    start_module.begin(config, begun)
    found, expected, before = weights.load(run)[1], weights.load(alone)[1], arrays(begun.networks.generator)
    moved = max(np.abs(expected[name] - value).max() for name, value in before.items() if "norm" not in name)
    assert max(np.abs(found[name] - value).max() for name, value in expected.items()) < 1e-3 * moved
