"""The networks that a config asks for: two-stage (fig. 11), one-stage (fig. 9) or scan-grid (ours)."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import tensorflow as tf
from tensorflow import keras

from ..config import Config
from ..errors import InputError
from . import one_stage, scan_grid, two_stage
from .one_stage import OneStage
from .scan_grid import ScanGrid
from .two_stage import TwoStage

Networks = TwoStage | OneStage | ScanGrid
MODULES = {"two-stage": two_stage, "one-stage": one_stage, "scan-grid": scan_grid}


def _module(config: Config) -> ModuleType:
    return MODULES[config.network]


@tf.autograph.experimental.do_not_convert  # Keras 2 would, each layer's code: a sixth of the time
def build(config: Config) -> Networks:
    """The networks to train, to `initialize` first. `complete` runs their `generator`."""
    return _module(config).build(config)


def complete(config: Config, generator: keras.Model, images: tf.Tensor, factor: tf.Tensor, **how: bool) -> tf.Tensor:
    """Outputs of a generator for nearest-infilled images [b, H, W, 1] of one factor, an int32 scalar; same shape.

    `how` is what Keras models take: training=True.
    """
    if config.network == "scan-grid":
        return generator([images, tf.fill([tf.shape(images)[0]], factor)], **how)
    return generator(images, **how)  # which sees the factor, or was trained for one


def initialize(config: Config, networks: Networks) -> None:
    """Draw the weights by the config's seed, the same on every stack; two-stage: the initialisation pass too."""
    _module(config).initialize(networks, seed=config.seed)


def freeze(config: Config, networks: Networks) -> None:
    """Freeze the moving averages of normalisation layers: steps traced from now on use them as inference does."""
    _module(config).freeze(networks)


@tf.autograph.experimental.do_not_convert
def trained(config: Config, weights: dict[str, np.ndarray]) -> keras.Model:
    """The generator for inference, with trained weights by name.

    Raises:
        InputError: a weight is missing, or does not fit.
    """
    try:
        return _module(config).trained(config, weights)
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(f"the weights do not fit its config.json: {error}") from None
