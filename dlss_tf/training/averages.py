"""Weights averaged over iterations, of the generator and of the MSE predictor: exponential moving averages."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import keras

from .._compat import variables
from ..config import Config
from .state import State

WARM_UP = 10  # updates until the decay could be a half: early on the mean forgets the first weights


def start(state: State) -> None:
    """The generator's average begins at its weights as they are."""
    if state.averaged is not None:
        _move(state.averaged, state.networks.generator, 0.0)


def update(config: Config, state: State, adversarial: bool = False) -> None:
    """Move averages towards the weights, after an update: those of M, and the generator's.

    The generator's decay is min(`average_weights`, t / (t + 10)) after t updates before: until that is what was asked
    for, the average is over about the last tenth of the iterations, so that short runs gain too.
    """
    if state.averaged_predictor is not None and not adversarial:
        _move(state.averaged_predictor, state.models["predictor"][0], config.average_predictor)
    if state.averaged is not None:
        done = tf.cast(state.iteration, tf.float32)
        _move(state.averaged, state.networks.generator, tf.minimum(config.average_weights, done / (done + WARM_UP)))


def _move(averaged: keras.Model, model: keras.Model, decay: float | tf.Tensor) -> None:
    """Running means too: those of averaged weights are, but for the activations between, the averages of theirs."""
    weights = variables(model)
    for name, average in variables(averaged).items():
        flag = name.endswith("/frozen")
        average.assign(weights[name] if flag else decay * average + (1 - decay) * weights[name])
