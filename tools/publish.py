"""A trained generator as a checkpoint to ship: weights in float16 and the config, without names of local folders."""

import argparse
import os
import sys

import numpy as np

from dlss_tf import weights
from dlss_tf.cli import status


def publish(run: str, directory: str) -> None:
    """Write `config.json` and `weights/generator.npz` into `directory`.

    The other fields of the config are the run's own. `start_from` stays where it names a pretrained generator.

    Raises:
        InputError: `run` has no weights.
    """
    config, arrays = weights.load(run)
    shipped = os.listdir(os.path.dirname(weights.pretrained()))
    start_from = config.start_from if config.start_from in shipped else ""
    config.replace(data=(), start_from=start_from).save_in(directory)
    weights.save(directory, _half(arrays))
    if os.path.isfile(os.path.join(weights.find(run), weights.SPREAD_FILE)):
        weights.save(directory, _half(weights.load_spread(run)), weights.SPREAD_FILE)


def _half(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="run directory")
    parser.add_argument("--out", required=True, help="folder, as checkpoints/NAME")
    arguments = parser.parse_args()
    publish(arguments.weights, arguments.out)


if __name__ == "__main__":
    sys.exit(status("publish", main))
