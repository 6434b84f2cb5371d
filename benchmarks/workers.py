"""How near two worker processes come to one: `quick` begun in both ways, and by one process of another rounding.

    python -m benchmarks.workers --data FOLDER --iterations 40

Prints the rows of docs/distributed.md: differences from one process of one thread, of weights and of losses.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile

import numpy as np
import tensorflow as tf

from dlss_tf import weights
from dlss_tf._compat import arrays
from dlss_tf.config import Config
from dlss_tf.training import checkpoints, start
from dlss_tf.training.state import State
from dlss_tf.training.trainer import LOG_EVERY

LOSS, UNFINISHED = "loss", "log/unfinished/.ATTRIBUTES/VARIABLE_VALUE"
SHOWN = (1, 2, 5, 10, 20, 40)  # iterations whose losses are compared
Values = dict[str, np.ndarray]


def clusters(processes: int) -> list[str]:
    """TF_CONFIG for each of so many workers on this machine, on ports that are free."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(processes)]
    cluster = {"worker": [f"localhost:{each.getsockname()[1]}" for each in sockets]}
    for each in sockets:
        each.close()
    tasks = [{"type": "worker", "index": index} for index in range(processes)]
    return [json.dumps({"cluster": cluster, "task": task}) for task in tasks]


def run(folder: str, data: str, iterations: int, processes: int = 1, threads: int = 1) -> str:
    """Train `quick` so far by that many processes of so many threads; its run directory."""
    command = [sys.executable, "-m", "dlss_tf.cli", "train", "--run", folder, "--data", data]
    command += ["--preset", "quick", "--stop-at", str(iterations)]
    command += ["--strategy", "multiworker"] if processes > 1 else []
    started = []
    for task in clusters(processes):
        own = {"TF_CONFIG": task, "TF_NUM_INTRAOP_THREADS": str(threads)}
        started.append(subprocess.Popen(command, env={**os.environ, **own}, stderr=subprocess.DEVNULL))
    statuses = [each.wait() for each in started]
    if any(statuses):
        raise SystemExit(f"{folder}: a process failed")
    return folder


def losses(folder: str) -> np.ndarray:
    """Of every iteration since the last that was logged, as the checkpoint has them."""
    reader = tf.train.load_checkpoint(checkpoints.saved(folder)[0])
    return np.array(json.loads(reader.get_tensor(UNFINISHED))[LOSS])


def begun(config: Config) -> Values:
    """The weights that training begins with."""
    state = State.create(config)
    start.begin(config, state)
    return arrays(state.networks.generator)


def row(name: str, folder: str, one: str) -> str:
    """How far a run is from another one: largest and root mean square difference of weights, and of losses."""
    found, expected = weights.load(folder)[1], weights.load(one)[1]
    away = np.concatenate([(found[each] - expected[each]).ravel() for each in expected])
    loss = losses(one)
    apart = np.abs(losses(folder) / loss - 1)
    steps = " | ".join(f"{apart[number - 1]:.1e}" for number in SHOWN if number <= len(apart))
    return f"| {name} | {np.abs(away).max():.1e} | {np.sqrt(np.mean(away**2)):.1e} | {steps} | {apart.max():.1e} |"


def main() -> None:
    """All runs, then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--iterations", type=int, default=40)
    arguments = parser.parse_args()
    if not 0 < arguments.iterations < LOG_EVERY:
        parser.error(f"--iterations: expected 1 to {LOG_EVERY - 1}, whose losses a checkpoint has")
    with tempfile.TemporaryDirectory(dir=".") as root:
        rest = arguments.data, arguments.iterations
        one = run(os.path.join(root, "one"), *rest)
        others = {
            "two workers": run(os.path.join(root, "two"), *rest, processes=2),
            "one process, two threads": run(os.path.join(root, "threads"), *rest, threads=2),
            "one process again": run(os.path.join(root, "again"), *rest),
        }
        config, expected = weights.load(one)
        moved = np.concatenate([(expected[name] - each).ravel() for name, each in begun(config).items()])
        print(f"weights moved by {np.abs(moved).max():.1e} at most, root mean square {np.sqrt(np.mean(moved**2)):.1e}")
        for name, folder in others.items():
            print(row(name, folder, one), flush=True)


if __name__ == "__main__":
    main()
