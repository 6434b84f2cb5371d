"""All that a run is made of while it trains, and what a checkpoint holds of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .. import lattice
from .._compat import tf_variable, variables
from ..config import Config
from ..layers.alrc import ALRC
from ..models import discriminators, generators, mse_predictor
from ..models.scan_grid import ScanGrid
from ..models.two_stage import TwoStage
from . import schedules
from .distribution import Distribution
from .optimizer import Adam
from .replay import Replay


@dataclasses.dataclass
class State:
    """All that training changes, and so all that a checkpoint holds."""

    networks: generators.Networks
    models: dict[str, tuple[keras.Model, ...]]  # by the group that one ADAM trains; only those the objective needs
    averaged: keras.Model | None  # the generator of moving-average weights, if asked for
    averaged_predictor: keras.Model | None  # M of moving-average weights, if asked for
    adams: dict[str, Adam]
    alrcs: dict[str, ALRC]  # by the equation that each clips; error, whose mu1 eq. 6 takes
    replay: Replay | None  # section IV's one-stage training has none, nor has the scan-grid generator's
    tracked_mse: tf.Variable  # float32 [17], by factor: p_raw(c) tracked in place of eq. 1
    iteration: tf.Variable  # int64: updates done
    position: tf.Variable  # int64: next example of the training stream
    validation_position: tf.Variable
    unfinished_log: tf.Variable  # JSON text: scalars by name that the log holds no mean of yet
    distribution: Distribution | None = None  # on whose replicas they are

    @staticmethod
    def create(config: Config, distribution: Distribution | None = None) -> State:
        """A run's state before its first step, its networks not initialised yet; on several replicas, if asked for."""
        text = _text()
        if distribution is None:
            return State._create(config, text)
        with distribution.strategy.scope():
            return dataclasses.replace(State._create(config, text), distribution=distribution)

    @staticmethod
    def _create(config: Config, unfinished_log: tf.Variable) -> State:
        networks = generators.build(config)
        models = {"generator": (networks.generator,)}
        averaged = generators.build(config).generator if config.average_weights else None
        averaged_predictor, alrcs = None, [] if isinstance(networks, ScanGrid) else ["equation_11"]
        if isinstance(networks, TwoStage):
            models["trainer"] = (networks.trainer,)
            alrcs = ["equation_3", "equation_7"]
        if config.objective == "no-blur":
            models["predictor"] = (_predictor(config),)
            averaged_predictor = _predictor(config) if config.average_predictor else None
            alrcs = ["equation_6", "equation_7", "error"]
        if config.adversarial:
            dtype = "mixed_bfloat16" if config.mixed_precision else "float32"
            models["discriminators"] = discriminators.discriminators(config.width, config.discriminator_head, dtype)
            discriminators.initialize(models["discriminators"], config.seed)
        iteration, position, validation_position = (tf.Variable(0, dtype=tf.int64, trainable=False) for _ in range(3))
        return State(
            networks,
            models,
            averaged,
            averaged_predictor,
            {name: _adam(name, group) for name, group in models.items()},
            {name: _built(ALRC(name=f"alrc_{name}")) for name in alrcs},
            Replay(config.size, config.seed) if isinstance(networks, TwoStage) else None,
            tf.Variable(by_factor(lambda c: lattice.p_raw(c, config.p_coefficients)), trainable=False),
            iteration,
            position,
            validation_position,
            unfinished_log,
        )

    @property
    def generator(self) -> keras.Model:
        """What is validated and saved: of averaged weights, where the run averages them."""
        return self.averaged or self.networks.generator

    def checkpoint(self, discriminators: bool = True) -> tf.train.Checkpoint:
        """Plain variables by name, so that a run trained on one stack, or by many replicas, resumes on the other."""
        return tf.train.Checkpoint(**self.by_name(discriminators), log={"unfinished": self.unfinished_log})

    def numbers(self) -> list[tf.Variable]:
        """Those of `by_name`, always in the same order."""
        return [variable for group in self.by_name().values() for variable in group.values()]

    def by_name(self, discriminators: bool = True) -> dict[str, dict[str, tf.Variable]]:
        """All that a checkpoint holds but text, by group and by name."""
        groups = [name for name in self.models if discriminators or name != "discriminators"]
        averages = {"averaged": self.averaged_predictor, "averaged_generator": self.averaged}
        return {
            **{name: _variables(self.models[name]) for name in groups},
            **{name: variables(model) for name, model in averages.items() if model is not None},
            **{f"{name}_adam": self.adams[name].state() for name in groups},
            **{f"alrc_{name}": _moments(alrc) for name, alrc in self.alrcs.items()},
            "replay": {} if self.replay is None else self.replay.state(),
            "tracked": {"mse": self.tracked_mse},
            "counters": {k: getattr(self, k) for k in ("iteration", "position", "validation_position")},
        }


def _variables(group: tuple[keras.Model, ...], trainable_only: bool = False) -> dict[str, tf.Variable]:
    return {name: variable for model in group for name, variable in variables(model, trainable_only).items()}


def _adam(name: str, group: tuple[keras.Model, ...]) -> Adam:
    beta1 = schedules.DISCRIMINATOR_BETA1 if name == "discriminators" else schedules.BETA1
    return Adam(_variables(group, trainable_only=True), beta1)


def _text() -> tf.Variable:
    with tf.device("CPU:0"):  # no other device holds text
        return tf.Variable("", trainable=False)


def _built(alrc: ALRC) -> ALRC:
    alrc.build(())
    return alrc


def _moments(alrc: ALRC) -> dict[str, tf.Variable]:
    return {"mu1": tf_variable(alrc.mu1), "mu2": tf_variable(alrc.mu2)}


def _predictor(config: Config) -> keras.Model:
    predictor = mse_predictor.mse_predictor()
    mse_predictor.initialize(predictor, config.seed)
    return predictor


def by_factor(function: Callable[[float], float]) -> np.ndarray:
    """The values of a function of coverage for each factor, float32 [17]; 0 where there is no such factor."""
    return np.array([0.0] + [function(1 / s**2) for s in range(1, lattice.MAX_FACTOR + 1)], np.float32)
