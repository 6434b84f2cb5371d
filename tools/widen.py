"""A trained two-stage generator as a wider one that computes the same, from which to train on (`--start-from`).

Channels are copied until there are as many as the width asks for; what a channel gave to the next layer its copies
share unevenly, so that training moves them apart.
"""

import argparse
import sys

import numpy as np

from dlss_tf import weights
from dlss_tf._compat import variables
from dlss_tf.cli import status
from dlss_tf.errors import InputError
from dlss_tf.models import two_stage, wiring

UNEVENNESS = 0.25  # standard deviation of copies' shares around an equal one


def widen(run: str | None, destination: str, width: float, seed: int = 0) -> None:
    """Write `destination` with what `weights.load(run)` gives, made wider.

    Raises:
        InputError: a smaller width.
    """
    config, narrow = weights.load(run)
    if config.network != "two-stage" or width < config.width:
        raise InputError(f"width: expected {config.width} or more of a two-stage generator, found {width}")
    config = config.replace(width=width)
    random = np.random.default_rng(seed)
    wide: dict[str, np.ndarray] = {}
    for name, variable in variables(two_stage.build(config).generator).items():
        layer, _, part = name.rpartition("/")
        if part == "v":
            transposed = wiring.is_transposed(layer, config)
            wide |= _widened_convolution(layer, narrow, tuple(variable.shape), transposed, random)
        elif part != "g":  # a number for each channel: running mean, bias
            wide[name] = narrow[name][_copies(variable.shape[0], len(narrow[name]))]
    config.save_in(destination)
    weights.save(destination, wide)


def _copies(count: int, narrow: int) -> np.ndarray:
    """Which channel each of `count` copies, int [count]; the same wherever layers have as many, as skips need."""
    return np.arange(count) % narrow


def _widened_convolution(
    layer: str, narrow: dict[str, np.ndarray], shape: tuple[int, ...], transposed: bool, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """v and g of a layer whose v has that shape: [h, w, in, out], or [h, w, out, in] if it is `transposed`."""
    v, g = narrow[f"{layer}/v"].astype(np.float64), narrow[f"{layer}/g"].astype(np.float64)
    if transposed:
        v, shape = v.swapaxes(2, 3), (*shape[:2], shape[3], shape[2])
    kernel = v / np.sqrt((v**2).sum((0, 1, 2))) * g
    copied, outputs = _copies(shape[2], v.shape[2]), _copies(shape[3], v.shape[3])
    kernel = kernel[:, :, copied][:, :, :, outputs] * _shares(copied, shape[3], random)
    norm = np.sqrt((kernel**2).sum((0, 1, 2)))
    kernel *= np.sqrt((v**2).mean() / (kernel**2).mean())  # v as large as it was: ADAM's steps do not know its scale
    kernel = kernel.swapaxes(2, 3) if transposed else kernel
    return {f"{layer}/v": kernel.astype(np.float32), f"{layer}/g": norm.astype(np.float32)}


def _shares(copied: np.ndarray, outputs: int, random: np.random.Generator) -> np.ndarray:
    """What each copy of an input gives to each output, [in, out]: together, what the one they copy gave."""
    shares = 1 + UNEVENNESS * random.normal(size=(len(copied), outputs))
    for channel in range(copied.max() + 1):
        shares[copied == channel] /= shares[copied == channel].sum(0)
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="run directory")
    parser.add_argument("--width", type=float, required=True, help="of the new one, at least as large")
    parser.add_argument("--out", required=True, help="run directory to write")
    arguments = parser.parse_args()
    widen(arguments.weights, arguments.out, arguments.width)


if __name__ == "__main__":
    sys.exit(status("widen", main))
