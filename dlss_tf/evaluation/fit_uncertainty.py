"""Error bars for a generator: its second head trained, then calibrated on validation images."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from .. import lattice, weights
from ..config import Config
from ..data.files import balanced, list_files
from ..errors import InputError
from ..formats import locks
from ..inference import runtimes
from ..inference.passes import Passes
from ..progress import each
from ..training.spread import fit, forget
from .images import blurred, central_crops

INTERVALS = {0.68: 0.99446, 0.95: 1.95996}  # that share of normally distributed errors lies within so many deviations
NEAR = (0.03, 0.02)  # what a share may be off, of either interval
SAMPLED = 16  # every so many pixels, that stand for all


def fit_uncertainty(directory: str, data: Sequence[str], iterations: int = 1000, seed: int = 0) -> float:
    """Train the head that tells a scan-grid generator's errors, calibrate it and write `weights/spread.npz`.

    Every folder of `data` is trained on as often. Returns the `calibration` on validation images, one for all
    coverages: a few dozen images do not tell theirs apart, and on training images, where they are told, they are alike.

    Interrupted or killed, the same call goes on where it was, 20 s before at most.

    Raises:
        InputError: another network, bad weights or data, fewer than one iteration, the name of a pretrained generator
            in place of a run directory, or another process that does the same there.
    """
    if not os.path.isdir(directory):
        raise InputError(f"weights: expected a run directory, to write into, found {directory}")
    if iterations < 1:
        raise InputError(f"iterations: expected at least 1, found {iterations}")
    config, arrays = weights.load(directory)
    if config.network != "scan-grid":
        raise InputError(f"weights: expected those of a scan-grid generator, found a {config.network} one's")
    validation = list_files(data, "val")
    with locks.of(os.path.join(directory, weights.SPREAD_FILE)):
        head = fit(config, arrays, balanced(data, "train"), iterations, seed, directory)
        passes = Passes(config, runtimes.generator(runtimes.chosen(), config, arrays, head), 2 * config.size)
        found = calibration(ratios(config, passes, validation))
        weights.save(directory, {**head, "calibration": np.array(found, np.float32)}, weights.SPREAD_FILE)
        forget(directory)
    return found


def ratios(config: Config, passes: Passes, files: Sequence[str]) -> np.ndarray:
    """Errors over the deviations that are told, of pixels of the images at every coverage."""
    found: list[np.ndarray] = []
    for _, crop in each("calibrating", central_crops(files, config.size), len(files)):
        target = blurred(crop)
        for s in config.factors:
            image, told = passes.with_deviation(lattice.downsample(crop, s)[None], crop.shape, s)
            found.append((np.abs(image[0] - target) / np.maximum(told[0], 1e-12)).ravel()[::SAMPLED])
    return np.concatenate(found)


def calibration(ratios: np.ndarray) -> float:
    """What to multiply deviations by, given errors over deviations: 68% and 95% intervals then hold about that much.

    Errors have longer tails than a normal distribution's, so that both cannot hold exactly: it is the factor with the
    least worse one of their differences, one of 3% in the first being as bad as one of 2% in the second.
    """
    first, second = (np.quantile(ratios, share) / limit for share, limit in INTERVALS.items())
    factors = np.geomspace(first, second, 101)
    held = np.array([[np.mean(ratios <= limit * each) for limit in INTERVALS.values()] for each in factors])
    return float(factors[np.argmin(np.max(np.abs(held - list(INTERVALS)) / NEAR, 1))])
