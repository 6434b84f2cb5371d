"""MSEs of a generator by image and coverage, which figures 2, 4 and 6 draw: those of `dlss-tf evaluate`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import numpy as np

from dlss_tf import Supersampler
from dlss_tf.evaluation.images import blurred, completed, image_name, label
from dlss_tf.evaluation.metrics import mse, root_mean, root_std

from ._report import over_images

Errors = dict[str, dict[str, float]]  # MSE by image and coverage


def errors(name: str, arguments: argparse.Namespace, supersampler: Supersampler, factors: Sequence[int]) -> Errors:
    """MSEs against the blurred crop, in its [0, 1], of the images that the command line names."""
    for s in factors:
        supersampler.check_factor(s)

    def measure(crop: np.ndarray) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        target = blurred(crop)
        return {label(s): mse(completed(supersampler, crop, s)[1], target) for s in factors}, {}

    values, _ = over_images(name, arguments, measure, factors=list(factors))
    return {image_name(path, arguments.data): each for path, each in values.items()}


def at(found: Mapping[str, Mapping[str, float]], factor: int) -> list[float]:
    """MSEs of all images at one coverage."""
    return [each[label(factor)] for each in found.values()]


def root_means(found: Errors, factors: Sequence[int]) -> dict[str, dict[str, float]]:
    """Root mean and root standard deviation of MSEs, as Table 2 has them, by coverage."""
    return {label(s): {"mean": root_mean(at(found, s)), "std": root_std(at(found, s))} for s in factors}
