"""The compiled steps: everything that one iteration computes, as one tf.function each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from .._compat import tf_variable, variables
from ..config import Config
from ..data.examples import Example, draw_factors, make_example, to_crop_scale
from ..layers.alrc import ALRC
from ..layers.blur import blur_target
from ..models.two_stage import TwoStage, two_stage
from . import losses, schedules
from .optimizer import Adam
from .replay import Replay


@dataclasses.dataclass
class State:
    """All that training changes, and so all that a checkpoint holds."""

    networks: TwoStage
    generator_adam: Adam
    trainer_adam: Adam
    alrc_3: ALRC
    alrc_7: ALRC
    replay: Replay
    iteration: tf.Variable  # int64: iterations done
    position: tf.Variable  # int64: next example of the training stream
    validation_position: tf.Variable

    @staticmethod
    def create(config: Config) -> State:
        networks = two_stage(config)
        counters = (tf.Variable(0, dtype=tf.int64, trainable=False) for _ in range(3))
        return State(
            networks,
            Adam(variables(networks.generator, trainable_only=True)),
            Adam(variables(networks.trainer, trainable_only=True)),
            _built(ALRC(name="alrc_3")),
            _built(ALRC(name="alrc_7")),
            Replay(config.size, config.seed),
            *counters,
        )

    def checkpoint(self) -> tf.train.Checkpoint:
        """Plain variables by name, so that a run trained on one stack resumes on the other."""
        return tf.train.Checkpoint(
            generator=variables(self.networks.generator),
            trainer=variables(self.networks.trainer),
            generator_adam=self.generator_adam.state(),
            trainer_adam=self.trainer_adam.state(),
            alrc_3=_moments(self.alrc_3),
            alrc_7=_moments(self.alrc_7),
            replay=self.replay.state(),
            counters={k: getattr(self, k) for k in ("iteration", "position", "validation_position")},
        )


def _built(alrc: ALRC) -> ALRC:
    alrc.build(())
    return alrc


def _moments(alrc: ALRC) -> dict[str, tf.Variable]:
    return {"mu1": tf_variable(alrc.mu1), "mu2": tf_variable(alrc.mu2)}


def train_step(config: Config, state: State) -> Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]:
    """The training step: (positions int64 [b], crops [b, N, N, 1] in [0, 1]) -> scalars for the log.

    Draws coverages, mixes in replayed examples, minimises eq. 3 + eq. 7 by one ADAM step, offers hard examples to the
    replay buffer. Eq. 7 does not depend on the outer generator nor eq. 3 on the inner trainer, so the gradient of their
    sum gives each of the three its own loss: inner eq. 3 + eq. 7, outer eq. 3, trainer eq. 7.
    """
    generator, trainer = state.generator_adam, state.trainer_adam

    @tf.function(jit_compile=config.xla)
    def step(positions: tf.Tensor, crops: tf.Tensor) -> dict[str, tf.Tensor]:
        factors = draw_factors(positions, config.factors, config.seed)
        crops, factors, fresh = state.replay.mix(crops, factors, state.iteration)
        example = make_example(crops, factors, config.intensity_reference)
        blurred = blur_target(example.target)
        with tf.GradientTape() as tape:
            inner = state.networks.inner(example.inputs, training=True)
            outputs = state.networks.outer([example.inputs, inner], training=True)
            equation_3 = losses.equation_3(outputs, blurred, example)
            equation_7 = losses.equation_7(state.networks.trainer(inner, training=True), blurred, example)
            loss = tf.reduce_mean(state.alrc_3(equation_3)) + tf.reduce_mean(state.alrc_7(equation_7))
        groups = (generator.variables_by_name, trainer.variables_by_name)
        generator_gradients, trainer_gradients = tape.gradient(loss, groups)
        now = schedules.non_adversarial(state.iteration, config.iterations, config.learning_rate)
        generator.apply(generator_gradients, now.generator_rate, now.beta1)
        trainer.apply(trainer_gradients, now.trainer_rate, now.beta1)
        state.replay.insert(crops, factors, equation_3 / losses.LAMBDA, fresh, state.iteration)
        state.position.assign(positions[-1] + 1)
        state.iteration.assign_add(1)
        return {
            "loss": loss,
            "equation_3": tf.reduce_mean(equation_3),
            "equation_7": tf.reduce_mean(equation_7),
            "learning_rate": now.generator_rate,
            "replay_insertion_rate": state.replay.insertion_rate.read_value(),
        }

    return step


def validation_step(config: Config, state: State) -> Callable[[tf.Tensor, tf.Tensor], tuple[dict, tf.Tensor]]:
    """The validation step: as `train_step`, but forward only. Returns scalars, and images for the log.

    The images are input, output and blurred target of the batch, float32 [3 b, N, N, 1] in the crop's [0, 1].
    """

    @tf.function(jit_compile=config.xla)
    def step(positions: tf.Tensor, crops: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        factors = draw_factors(positions, config.factors, config.seed + 1)
        example = make_example(crops, factors, config.intensity_reference)
        blurred = blur_target(example.target)
        outputs = state.networks.generator(example.inputs, training=False)
        state.validation_position.assign(positions[-1] + 1)
        state.iteration.assign_add(1)
        scalars = {"validation_equation_3": tf.reduce_mean(losses.equation_3(outputs, blurred, example))}
        return scalars, _log_images(example, outputs, crops, config)

    return step


def _log_images(example: Example, outputs: tf.Tensor, crops: tf.Tensor, config: Config) -> tf.Tensor:
    inputs = example.inputs * example.scale + example.low
    images = tf.concat([inputs, to_crop_scale(outputs, example, config.intensity_reference), blur_target(crops)], 0)
    return tf.clip_by_value(images, 0.0, 1.0)
