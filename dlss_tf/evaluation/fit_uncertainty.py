"""Error bars for a generator: its second head trained, then calibrated on validation images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from .. import lattice, weights
from ..config import Config
from ..data.files import balanced, list_files
from ..errors import InputError
from ..inference import scaling
from ..inference.passes import Passes
from ..models import spread
from ..progress import each
from ..training.spread import fit
from .images import blurred, central_crops

WITHIN, NORMAL = 0.68, 0.99446  # that share of normally distributed errors lies within so many standard deviations
SAMPLED = 16  # every so many pixels, that stand for all


def fit_uncertainty(directory: str, data: Sequence[str], iterations: int = 1000, seed: int = 0) -> dict[int, float]:
    """Train the head that tells a scan-grid generator's errors, calibrate it and write `weights/spread.npz`.

    Every folder of `data` is trained on as often. Calibrated is a factor for each s: of the pixels of validation images
    68% lie within the standard deviation that is told, times 0.994. Returns these factors.

    Raises:
        InputError: another network, bad weights or data.
    """
    config, arrays = weights.load(directory)
    if config.network != "scan-grid":
        raise InputError(f"weights: expected those of a scan-grid generator, found a {config.network} one's")
    validation = list_files(data, "val")
    head = fit(config, arrays, balanced(data, "train"), iterations, seed)
    both = spread.trained(config, arrays, head)
    passes = Passes(config, lambda inputs: tf.concat(both(inputs), 3), 2 * config.size)
    calibration = calibrated(config, passes, validation)
    named = {f"calibration_{s}": np.array(factor, np.float32) for s, factor in calibration.items()}
    weights.save(weights.find(directory), {**head, **named}, weights.SPREAD_FILE)
    return calibration


def calibrated(config: Config, passes: Passes, files: Sequence[str]) -> dict[int, float]:
    """For each factor what to multiply standard deviations by."""
    ratios: dict[int, list[np.ndarray]] = {s: [] for s in config.factors}
    for _, crop in each("calibrating", central_crops(files, config.size), len(files)):
        target = blurred(crop)
        for s, found in ratios.items():
            low, high = scaling.limits(lattice.downsample(crop, s)[None])
            unit = scaling.to_unit(lattice.downsample(crop, s)[None], low, high).numpy()
            image, deviation = np.moveaxis(passes(unit, crop.shape, s)[0], -1, 0)
            errors = np.abs(scaling.from_unit(image[None], low, high).numpy()[0] - target)
            told = deviation * float(high - low)
            found.append((errors / np.maximum(told, 1e-12)).ravel()[::SAMPLED])
    return {s: float(np.quantile(np.concatenate(found), WITHIN)) / NORMAL for s, found in ratios.items()}


def format_calibration(calibration: dict[int, float]) -> str:
    """The factors for a terminal."""
    return "standard deviations times " + ", ".join(f"{factor:.2f} (1/{s**2})" for s, factor in calibration.items())
