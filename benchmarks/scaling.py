"""How cost grows with replicas and with files, each measured in a process of its own.

    python -m benchmarks.scaling --replicas 1 2 4            # images/s of one batch that logical CPUs share
    python -m benchmarks.scaling --files 100 10000 200000

Prints a row of docs/performance.md for each number.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import tensorflow as tf
import tifffile

from dlss_tf.config import PRESETS
from dlss_tf.data.crops import CropStream
from dlss_tf.data.files import digest_of_files, list_files
from dlss_tf.models import generators
from dlss_tf.training import distribution
from dlss_tf.training.state import State
from dlss_tf.training.steps import train_step

from .timing import peak_gib, timed

BATCH, SIDE = 4, 512
STEPS = 20
LINKED = 20_000  # names that a file may have; file systems allow no more than some ten thousand
CROPS = 400


def replicas(count: int) -> str:
    """Images a second of `quick`'s step, its batch of 4 shared by logical CPUs; its seconds, and the first one's."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    config = PRESETS["quick"].replace(batch=BATCH)
    state = State.create(config, distribution.choose("mirrored"))
    generators.freeze(config, state.networks)  # as in training, from the preset's first step
    step = train_step(config, state)
    positions, crops = tf.range(BATCH, dtype=tf.int64), tf.random.uniform((BATCH, config.size, config.size, 1))
    began = time.perf_counter()
    step(positions, crops)
    first = time.perf_counter() - began
    seconds = np.median(timed(lambda: step(positions, crops)["loss"].numpy(), STEPS))
    return f"| {count} | {BATCH / seconds:.3g} | {seconds:.3g} | {first:.3g} | {peak_gib():.3g} |"


def files(count: int) -> str:
    """Seconds until so many files are listed and told from others, until their first crop, and memory."""
    with tempfile.TemporaryDirectory(dir=".") as root:
        _link(os.path.join(root, "train"), count)
        began = time.perf_counter()
        paths = list_files([root], "train")
        listed = time.perf_counter()
        digest_of_files(paths)
        told = time.perf_counter()
        stream = iter(CropStream(paths, SIDE, batch=BATCH))
        next(stream)
        first = time.perf_counter()
        before = peak_gib()
        for _ in range(CROPS // BATCH):
            next(stream)
        last = time.perf_counter()
        spans = [listed - began, told - listed, first - told]
        times = " | ".join(f"{span:.2g}" for span in spans)
        return f"| {count} | {times} | {CROPS / (last - first):.3g} | {before:.3g} | {peak_gib():.3g} |"


def _link(folder: str, count: int) -> None:
    """That many names of TIFF files of random pixels, few of which take room on the disk."""
    os.makedirs(folder)
    random = np.random.default_rng(0)
    for i in range(count):
        path = os.path.join(folder, f"crop-{i:06}.tif")
        if i % LINKED == 0:
            source = path
            tifffile.imwrite(path, random.random((SIDE, SIDE), np.float32))
        else:
            os.link(source, path)


def main() -> None:
    """Every number in a process of its own, which has `--one`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind in ("replicas", "files"):
        parser.add_argument(f"--{kind}", type=int, nargs="+", default=[])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for kind, measure in (("replicas", replicas), ("files", files)):
        for count in getattr(arguments, kind):
            if arguments.one:
                print(measure(count), flush=True)
            else:
                command = [sys.executable, "-m", "benchmarks.scaling", f"--{kind}", str(count), "--one"]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
