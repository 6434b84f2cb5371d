"""One measurement of this package in a process of its own.

    python -m benchmarks.ours --mode train --preset paper [--width 1.0] [--size 512] [--batch 1]

Prints one JSON line: seconds of each counted run, peak memory, operations counted, the machine's matrix-product rate.
"""

from __future__ import annotations

import argparse
import glob
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
import tifffile

from dlss_tf import Supersampler, weights
from dlss_tf._compat import arrays
from dlss_tf.config import PRESETS, Config
from dlss_tf.data.crops import CropStream
from dlss_tf.data.files import list_files
from dlss_tf.lattice import count
from dlss_tf.models import generators, two_stage
from dlss_tf.serving.export import export
from dlss_tf.training.state import State
from dlss_tf.training.steps import train_step

from . import runtimes
from .timing import GEMM_SIDE, peak_gib, timed

FACTOR = 5
SCAN_SIDE, START_SCAN_SIDE = 205, count(512, FACTOR)  # 1025 and 515 px supersampled
PIPELINE_FILES, PIPELINE_CROPS, PIPELINE_SIDE = 64, 256, 512  # crops a run

_IMAGE = f"""
import sys, numpy
from dlss_tf import Supersampler
Supersampler(sys.argv[1])(numpy.random.rand({START_SCAN_SIDE}, {START_SCAN_SIDE}), factor={FACTOR})
"""
_PRETRAINED = (weights.PAPERS, weights.PRETRAINED)
_COMMANDS = {"help": ["-m", "dlss_tf.cli", "--help"], "import": ["-c", "import dlss_tf"], "first-image": ["-c", _IMAGE]}

# --- Measuring -------------------------------------------------------------------------------------------------------


def gemm_gflops() -> float:
    """Best rate of a float32 matrix product in GFLOP/s, the most that convolutions can reach."""
    matrix = tf.random.uniform((GEMM_SIDE, GEMM_SIDE))
    product = tf.function(lambda: tf.reduce_sum(matrix @ matrix))
    return 2e-9 * GEMM_SIDE**3 / min(timed(lambda: product().numpy(), 3))


def generator_flops(config: Config, size: int) -> int:
    """Floating point operations of all convolutions of the generator for one image of size x size px."""
    generator = generators.build(config).generator
    return _convolution_flops(lambda image: generators.complete(config, generator, image, FACTOR), size)


def training_flops(config: Config) -> int:
    """Those of a two-stage training step: forward, gradients of activations and of weights, inner trainer included."""
    networks = two_stage.build(config)

    def forward(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features = networks.inner(image)
        return networks.outer([image, features]), networks.trainer(features)

    return 3 * config.batch * _convolution_flops(forward, config.size)


def _convolution_flops(network: Callable[[tf.Tensor], object], size: int) -> int:
    """2 k k cin cout for each output pixel of a convolution, and for each input pixel of a transposed one."""
    graph = tf.function(network).get_concrete_function(tf.TensorSpec([1, size, size, 1])).graph
    flops = 0
    for operation in graph.get_operations():
        if operation.type in ("Conv2D", "Conv2DBackpropInput"):
            pixels = operation.outputs[0] if operation.type == "Conv2D" else operation.inputs[2]
            flops += 2 * operation.inputs[1].shape.num_elements() * int(np.prod(pixels.shape[1:3]))
    return flops


# --- What is measured: each function returns the call to time --------------------------------------------------------


def training(config: Config, adversarial: bool = False) -> Callable[[], object]:
    """One training step on a batch of random crops, as the trainer runs it; it waits for the loss."""
    config = config.replace(adversarial=adversarial)
    state = State.create(config)
    generators.initialize(config, state.networks)
    if state.replay is not None:
        for i in range(state.replay.members):
            state.replay.fill(i, tf.random.uniform((config.size, config.size, 1)), FACTOR)
    state.iteration.assign(config.iterations if adversarial else 0)  # where that half of Table 1 begins
    if int(state.iteration.numpy()) >= round(config.freeze_at * config.iterations):
        generators.freeze(config, state.networks)
    step = train_step(config, state, adversarial)
    crops = tf.random.uniform((config.batch, config.size, config.size, 1))

    def call() -> None:
        step(state.position + tf.range(config.batch, dtype=tf.int64), crops)["loss"].numpy()

    return call


def _forward(config: Config) -> Callable[[], object]:
    """The generator as it is trained, weight normalisation and all, run for inference."""
    networks = generators.build(config)
    generators.initialize(config, networks)
    run = tf.function(lambda image: generators.complete(config, networks.generator, image, FACTOR, training=False))
    image = tf.random.uniform((config.batch, config.size, config.size, 1))
    return lambda: run(image).numpy()


def _savedmodel(config: Config, folder: str) -> Callable[[], object]:
    in_another_process(_export_run, config, folder)
    served = tf.saved_model.load(os.path.join(folder, "exported", "1"))
    image = tf.random.uniform((config.batch, config.size, config.size, 1))
    return lambda: served.signatures["serving_default"](image=image)["output"].numpy()


def _scan(config: Config, folder: str) -> Callable[[], object]:
    in_another_process(_save_run, config, folder)
    return _supersampled(folder, SCAN_SIDE)


def _supersampled(weights_or_name: str, side: int) -> Callable[[], object]:
    """A scan of side x side samples by a run's generator, or a pretrained one."""
    supersampler = Supersampler(weights_or_name)
    scan = np.random.default_rng(0).random((side, side), np.float32)
    return lambda: supersampler(scan, factor=FACTOR)


def _load(config: Config, folder: str) -> Callable[[], object]:
    """Weights from disk to a generator that is ready to be called."""
    in_another_process(_save_run, config, folder)
    return lambda: Supersampler(folder)


def _pipeline(folder: str) -> Callable[[], object]:
    """A run of crops from files that the operating system holds in memory."""
    random = np.random.default_rng(0)
    os.mkdir(os.path.join(folder, "train"))
    for i in range(PIPELINE_FILES):
        image = random.random((PIPELINE_SIDE, PIPELINE_SIDE), np.float32)
        tifffile.imwrite(os.path.join(folder, "train", f"{i}.tif"), image)
    stream = iter(CropStream(list_files([folder], "train"), PIPELINE_SIDE))

    def call() -> None:
        for _ in range(PIPELINE_CROPS):
            next(stream)

    return call


def _command(mode: str, config: Config, folder: str) -> Callable[[], object]:
    """A fresh interpreter from its start to its end."""
    if mode == "first-image":
        in_another_process(_save_run, config, folder)
    command = [sys.executable, *_COMMANDS[mode], folder]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _save_run(config: Config, folder: str) -> None:
    """A run directory with an initialised generator."""
    networks = generators.build(config)
    generators.initialize(config, networks)
    weights.save(folder, arrays(networks.generator))
    config.save_in(folder)


def _export_run(config: Config, folder: str) -> None:
    """Its SavedModel, too, in exported/1."""
    _save_run(config, folder)
    export(folder, os.path.join(folder, "exported"), config.size, 1)


def in_another_process(function: Callable, *arguments: object) -> None:
    """So that what it needs does not count as memory of what is measured."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(function, arguments)


def _call(mode: str, config: Config, folder: str) -> Callable[[], object]:
    if mode in ("train", "adversarial"):
        return training(config, mode == "adversarial")
    if mode == "forward":
        return _forward(config)
    if mode == "pipeline":
        return _pipeline(folder)
    if mode in _PRETRAINED:
        return _supersampled(mode, START_SCAN_SIDE)  # in one pass
    if mode in _COMMANDS:
        return _command(mode, config, folder)
    if mode in runtimes.PASSES:
        return runtimes.a_pass(mode, config.batch)
    if mode in runtimes.COMMANDS:
        return runtimes.a_command(mode, folder)
    return {"savedmodel": _savedmodel, "scan": _scan, "load": _load}[mode](config, folder)


def measure(mode: str, config: Config, runs: int) -> dict:
    """What `main` prints. For mode pipeline, seconds are those of one crop."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = timed(_call(mode, config, folder), runs)
    if mode == "pipeline":
        seconds = [run / PIPELINE_CROPS for run in seconds]
    report = {"seconds": seconds, "tensorflow": tf.__version__}
    if mode not in (*_COMMANDS, *runtimes.COMMANDS):
        report["peak_gib"] = peak_gib()
    if mode == "train":
        report["gflop"] = 1e-9 * training_flops(config)
    elif mode in ("forward", "savedmodel"):
        report["gflop"] = 1e-9 * config.batch * generator_flops(config, config.size)
    return {**report, "gemm_gflops": gemm_gflops()}


# --- Profile ---------------------------------------------------------------------------------------------------------


def profile(config: Config, folder: str, steps: int = 3) -> list[tuple[str, float]]:
    """Write a TensorBoard profile of training steps; returns ms per step by operation type, longest first.

    The list is empty on a TensorFlow that cannot parse its profiles.
    """
    call = training(config)
    for _ in range(2):
        call()
    tf.profiler.experimental.start(folder)
    for _ in range(steps):
        call()
    tf.profiler.experimental.stop()
    try:
        from tensorflow.tsl.profiler.protobuf import xplane_pb2
    except ImportError:
        return []
    written = glob.glob(os.path.join(folder, "**", "*.xplane.pb"), recursive=True)
    space = xplane_pb2.XSpace.FromString(Path(max(written, key=os.path.getmtime)).read_bytes())
    milliseconds: dict[str, float] = defaultdict(float)
    for plane in (plane for plane in space.planes if "host:CPU" in plane.name):
        for event in (event for line in plane.lines for event in line.events):
            # Operations are called name:Type; what runs them Class::Method or Run: __inference_step.
            operation = re.fullmatch(r"[^:]+:((?!__)\w+)", plane.event_metadata[event.metadata_id].name)
            if operation:
                milliseconds[operation[1]] += event.duration_ps / 1e9 / steps
    return sorted(milliseconds.items(), key=lambda item: -item[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    modes = ("train", "adversarial", "forward", "savedmodel", "scan", "load", "pipeline", *_PRETRAINED, *_COMMANDS)
    modes += (*runtimes.PASSES, *runtimes.COMMANDS)
    parser.add_argument("--mode", choices=modes, required=True)
    parser.add_argument("--preset", choices=tuple(PRESETS), default="paper")
    parser.add_argument("--width", type=float)
    parser.add_argument("--size", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--mixed-precision", action="store_true")
    arguments = vars(parser.parse_args())
    mode, preset, runs = (arguments.pop(name) for name in ("mode", "preset", "runs"))
    if mode == "pipeline":  # TensorFlow makes its threads at its first operation, for the cores that it then finds
        for thread in os.listdir("/proc/self/task"):  # and of those that are there already
            os.sched_setaffinity(int(thread), {min(os.sched_getaffinity(0))})
    config = PRESETS[preset].replace(**{name: value for name, value in arguments.items() if value is not None})
    print(json.dumps(measure(mode, config, runs)))


if __name__ == "__main__":
    main()
