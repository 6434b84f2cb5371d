"""The networks that a config asks for: two-stage (fig. 11) or one-stage (fig. 9)."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import tensorflow as tf
from tensorflow import keras

from ..config import Config
from . import one_stage, two_stage
from .one_stage import OneStage
from .two_stage import TwoStage


def _module(config: Config) -> ModuleType:
    return one_stage if config.network == "one-stage" else two_stage


@tf.autograph.experimental.do_not_convert  # Keras 2 would, each layer's code: a sixth of the time
def build(config: Config) -> TwoStage | OneStage:
    """The networks to train, to `initialize` first. Their `generator` is [b, N, N, 1] -> [b, N, N, 1], infilled."""
    return _module(config).build(config)


def initialize(config: Config, networks: TwoStage | OneStage) -> None:
    """Draw the weights by the config's seed, the same on every stack; two-stage: the initialisation pass too."""
    _module(config).initialize(networks, seed=config.seed)


def freeze(config: Config, networks: TwoStage | OneStage) -> None:
    """Freeze the moving averages of normalisation layers: steps traced from now on use them as inference does."""
    _module(config).freeze(networks)


@tf.autograph.experimental.do_not_convert
def trained(config: Config, weights: dict[str, np.ndarray]) -> keras.Model:
    """The generator for inference, with trained weights by name.

    Raises:
        KeyError: a weight is missing.
        ValueError: one does not fit.
    """
    return _module(config).trained(config, weights)
