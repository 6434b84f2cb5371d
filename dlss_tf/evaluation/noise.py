"""The least error that the truth's own noise allows, whatever makes the image."""

from __future__ import annotations

import numpy as np

from ..lattice import coverage
from ..layers.kernels import gaussian_kernel

#: Of white noise's variance, what is left under the targets' blur: 0.0414.
LEFT = float(np.sum(np.square(np.outer(gaussian_kernel(5, 2.5), gaussian_kernel(5, 2.5)))))


def floor(noise: float | np.ndarray, factor: int) -> np.ndarray:
    """The least root MSE where the truth has white noise of that standard deviation, in the same units.

    The target is the truth blurred, its noise included, and who sees 1 of s^2 samples cannot foresee the rest.
    """
    return np.asarray(noise) * np.sqrt(LEFT * (1 - coverage(factor)))
