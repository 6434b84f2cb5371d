"""What replicas do together: by two logical devices, in one process for all cases."""

import json
import os
import subprocess
import sys

import on_two_devices
import pytest


@pytest.fixture(scope="module")
def differences(shared_folder):
    def make(folder):
        os.makedirs(folder)
        script, out = on_two_devices.__file__, os.path.join(folder, "differences.json")
        paths = os.pathsep.join(["tests", "."])
        environment = {**os.environ, "PYTHONPATH": paths}
        done = subprocess.run([sys.executable, script, out], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    with open(os.path.join(shared_folder("two-devices", make), "differences.json")) as file:
        return json.load(file)


@pytest.mark.slow
@pytest.mark.parametrize("case", on_two_devices.CASES)
def test_a_batch_shared_by_two_replicas_is_one_batch(differences, case):
    """Weights, moments of ADAM and ALRC, running means, replay, counters, losses and images, after two steps."""
    found = differences[case]
    assert found.pop("copies") == 0
    assert {"generator", "generator_adam", "tracked", "counters", "scalars", "images"} <= found.keys()
    assert max(found.values()) < 1e-5, found
