"""What replicas do together: by two logical devices, in one process for all cases."""

import json
import os
import subprocess
import sys

import on_two_devices
import pytest
import tensorflow as tf

from dlss_tf.errors import InputError
from dlss_tf.training import distribution


@pytest.fixture(scope="module")
def differences(shared_folder, tiny_data):
    def make(folder):
        os.makedirs(folder)
        command = [sys.executable, on_two_devices.__file__, folder, tiny_data]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    with open(os.path.join(shared_folder("two-devices", make), "differences.json"), encoding="utf-8") as file:
        return json.load(file)


@pytest.mark.slow
def test_a_run_goes_on_with_two_replicas(differences):
    assert differences["run"]["generator"] < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("case", on_two_devices.CASES)
def test_a_batch_shared_by_two_replicas_is_one_batch(differences, case):
    """Weights, moments of ADAM and ALRC, running means, replay, counters, losses and images, after two steps."""
    found = differences[case]
    assert found.pop("copies") == 0
    assert {"generator", "generator_adam", "tracked", "counters", "scalars", "images"} <= found.keys()
    assert max(found.values()) < 1e-5, found


def test_on_one_device_no_strategy_is_needed():
    assert distribution.choose("mirrored") is None
    assert distribution.is_chief(None)


def test_an_unknown_strategy_is_refused():
    with pytest.raises(InputError, match="strategy: expected mirrored or multiworker, found parameter server"):
        distribution.choose("parameter server")


@pytest.fixture
def alone():
    """A distribution with one replica, which does what others do, but for itself."""
    return distribution.Distribution(tf.distribute.MirroredStrategy(["CPU:0"]))


def test_a_replica_without_an_example_and_xla_are_told(alone, tiny_config, recwarn):
    alone.check(tiny_config)
    assert not recwarn
    alone.check(tiny_config.replace(xla=True))
    assert "xla: a step on several replicas is not compiled" in str(recwarn.pop().message)


def test_what_the_chief_says_is_told(alone):
    assert alone.told_by_chief(lambda: "ü") == "ü"

    def fail():
        raise InputError("bad data")

    with pytest.raises(InputError, match="^bad data$"):
        alone.told_by_chief(fail)
    assert alone.any(True) and not alone.any(False)
