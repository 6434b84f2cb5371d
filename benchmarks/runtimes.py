"""The pretrained generator in what can run it: calls to time, of a pass and of a whole command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import tifffile

from dlss_tf import lattice, weights
from dlss_tf.config import Config
from dlss_tf.inference import runtimes
from dlss_tf.inference.runtimes import Arrays, Run

FACTOR, SIDE = 5, 512
PASSES = tuple(f"runtime-{name}" for name in (*runtimes.NEEDED, "openvino"))
COMMANDS = tuple(f"command-{name}" for name in runtimes.NEEDED)


def a_pass(mode: str, batch: int) -> Callable[[], object]:
    """One pass through the generator of a batch of 512x512 px, by one of PASSES."""
    name = mode.removeprefix("runtime-")
    config, arrays = weights.load()
    run = _openvino(config, arrays) if name == "openvino" else runtimes.generator(name, config, arrays)
    samples = [lattice.count(SIDE, FACTOR)] * 2
    scans = np.random.default_rng(0).random((batch, *samples), np.float32)
    images = lattice.infill(scans, (SIDE, SIDE), FACTOR)[..., None]
    return lambda: run(images, FACTOR)


def a_command(mode: str, folder: str) -> Callable[[], object]:
    """`dlss-tf supersample` of a TIFF of 103x103 samples, from its start to its end, by one of COMMANDS."""
    scan = os.path.join(folder, "scan.tif")
    samples = [lattice.count(SIDE, FACTOR)] * 2
    tifffile.imwrite(scan, np.random.default_rng(0).poisson(100, samples).astype(np.uint16))
    words = ["supersample", scan, "--factor", str(FACTOR), "--overwrite", "--runtime", mode.removeprefix("command-")]
    command = [sys.executable, "-m", "dlss_tf.cli", *words]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _openvino(config: Config, arrays: Arrays) -> Run:
    """OpenVINO's CPU plugin, in float32, of the ONNX model."""
    import openvino

    from dlss_tf.models.onnx.generators import model

    core = openvino.Core()
    made = core.read_model(model(config, arrays).SerializeToString(), b"")
    compiled = core.compile_model(made, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda images, factor: compiled({"image": images, "factor": np.array([factor], np.int32)})[0]
