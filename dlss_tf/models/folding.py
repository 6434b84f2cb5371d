"""A two-stage generator's weights as those of plain convolutions: normalisation and running means folded in. NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..config import Config
from ..layers.kernels import normalized_kernel
from .wiring import is_transposed


def folded(name: str, weights: Mapping[str, np.ndarray], config: Config) -> np.ndarray:
    """The weight of that name of a folded generator, of trained weights by theirs; KeyError if one is missing."""
    layer, weight = name.split("/")
    if weight == "kernel":
        return normalized_kernel(weights[f"{layer}/v"], weights[f"{layer}/g"], is_transposed(name, config))
    if weight == "bias" and not layer.endswith("_norm"):
        return weights.get(f"{layer}_norm/bias", np.float32(0)) - weights[f"{layer}_norm/mu"]
    return weights[name]
