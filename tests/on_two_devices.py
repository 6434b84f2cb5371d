"""Steps of one batch on one device and shared by two: what they leave, compared. Two logical CPUs, or GPUs:

    NVIDIA_TF32_OVERRIDE=0 PYTHONPATH=tests python tests/on_two_devices.py FOLDER DATA GPU

A process of its own, since logical devices must be asked for before TensorFlow's first operation.
"""

import json
import os
import sys

import numpy as np
import pytest
import tensorflow as tf
from smooth import smooth, trace_only

from dlss_tf import weights
from dlss_tf.config import PRESETS, preset
from dlss_tf.errors import InputError
from dlss_tf.models import generators, two_stage
from dlss_tf.training import distribution
from dlss_tf.training.state import State
from dlss_tf.training.steps import train_step, validation_step
from dlss_tf.training.trainer import train

STEPS = 2
BATCH = 3  # one replica has one example of it, the other two
TINY = {"size": 64, "width": 0.05, "batch": BATCH, "iterations": 1000}
#: Means that are subtracted are the batch's; p(c) is tracked; losses are above ALRC's limit.
TWO_STAGE = PRESETS["quick"].replace(**TINY, freeze_at=1.0, bias=False, track_p=True)
CASES = {
    "adversarial": TWO_STAGE.replace(objective="no-blur", adversarial=True),
    "one-stage": preset("quick", "one-stage").replace(**TINY),
    "scan-grid": preset("quick", "scan-grid").replace(**TINY, factors=(4,)),
}


def main(folder, data, kind="CPU"):
    half = tf.config.LogicalDeviceConfiguration(memory_limit=8000 if kind == "GPU" else None)  # MiB
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices(kind)[0], [half] * 2)
    smooth(pytest.MonkeyPatch())
    trace_only()
    both = distribution.choose("mirrored")
    assert both.strategy.num_replicas_in_sync == 2
    with pytest.raises(InputError, match="batch: expected at least one example for each of 2 replicas, found 1"):
        both.check(TWO_STAGE.replace(batch=1))
    crops = tf.constant(np.random.default_rng(0).random((BATCH, 64, 64, 1)), tf.float32)
    crops = tf.nn.avg_pool2d(crops, 5, 1, "SAME")
    found = {case: compared(config, both, crops) for case, config in CASES.items()}
    found["run"] = {"generator": resumed(CASES["one-stage"].replace(data=(data,), iterations=8), both, folder)}
    with open(os.path.join(folder, "differences.json"), "w", encoding="utf-8") as file:
        json.dump(found, file)


def resumed(config, both, folder):
    """Greatest difference of weights: a run that goes on with two replicas half-way, and one that stays with one."""
    run, alone = (os.path.join(folder, name) for name in ("run", "alone"))
    assert train(config, run, stop_at=4) == "stopped"
    assert train(config, run, resume=True, on=both) == train(config, alone) == "complete"
    found, expected = (weights.load(each)[1] for each in (run, alone))
    return max(float(np.abs(found[name] - value).max()) for name, value in expected.items())


def compared(config, both, crops):
    """Greatest differences of variables by group, of scalars and of images; and of the two replicas' copies."""
    one, scalars, images = after_steps(config, None, crops)
    two, shared_scalars, shared_images = after_steps(config, both, crops)
    assert [s.keys() for s in scalars] == [s.keys() for s in shared_scalars]
    pairs = [(x[name], y[name]) for x, y in zip(scalars, shared_scalars) for name in x]
    copies = [variable.values for group in two.values() for variable in group.values()]
    return {
        **{name: greatest((group[key], two[name][key]) for key in group) for name, group in one.items()},
        "scalars": greatest(pairs),
        "images": greatest([(images, shared_images)]),
        "copies": max(float(np.max(np.abs(difference(*each)))) for each in copies),
    }


def greatest(pairs):
    """Difference over the larger of 1 and the value."""
    return max([float(np.max(np.abs(difference(x, y)) / np.maximum(1, np.abs(x)))) for x, y in pairs], default=0.0)


def difference(x, y):
    x, y = (np.asarray(each.numpy(), np.float64) for each in (x, y))
    return np.where(x == y, 0, x - y)  # infinities


def after_steps(config, on, crops):
    """All variables by group, scalars of every step, images of the validation step."""
    state = State.create(config, on)
    begin(config, state, crops)
    step = train_step(config, state, config.adversarial)
    at = [tf.range(BATCH * i, BATCH * (i + 1), dtype=tf.int64) for i in range(STEPS)]
    scalars = [step(positions, crops) for positions in at]
    if config.network != "one-stage":  # one network's validation is enough, and all take long to trace
        return state.by_name(), scalars, crops
    validation, images = validation_step(config, state)(at[1], crops)
    return state.by_name(), [*scalars, validation], images


def begin(config, state, crops):
    if config.network == "two-stage":
        two_stage.initialize(state.networks, size=64)
    else:
        generators.initialize(config, state.networks)
    if config.adversarial:
        state.iteration.assign(config.iterations)
    for alrc in state.alrcs.values():
        alrc.mu1.assign(0.5)
        alrc.mu2.assign(0.26)
    if state.replay is not None:
        for i in range(state.replay.members):
            state.replay.fill(i, crops[i % BATCH], tf.constant(4 + i % 7))
        state.replay.log_threshold.assign(-20.0)  # every fresh example is hard


if __name__ == "__main__":
    main(*sys.argv[1:])
