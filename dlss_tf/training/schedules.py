"""Learning rates and momentum decays at each iteration: Table 1 and section IV (method.md section 7)."""

from __future__ import annotations

import math
from typing import NamedTuple

import tensorflow as tf

from ..config import Config

PUBLISHED_RATE = 3e-4
ONE_STAGE_PUBLISHED_RATE = 1e-3
LEVELS = 8
WARM_UP = 0.03  # of a scan-grid generator's iterations, without which losses jumped a thousandfold early on
CONSTANT_WARM_UP = 50  # iterations, of the schedule that stays, in which ADAM's moments come to be means
BETA1 = 0.9  # at the start, of generator, inner trainer and predictor
DISCRIMINATOR_BETA1 = 0.5


class Schedule(NamedTuple):
    """Rates and first-moment decays in force at an iteration, float32 scalars; 0 where Table 1 has a dash."""

    generator_rate: tf.Tensor
    predictor_rate: tf.Tensor
    trainer_rate: tf.Tensor
    discriminator_rate: tf.Tensor
    beta1: tf.Tensor  # of generator and inner trainer
    predictor_beta1: tf.Tensor
    discriminator_beta1: tf.Tensor


def decay(iteration: tf.Tensor, start: int, length: int) -> tf.Tensor:
    """f of Table 1, as the code has it: 1 - floor(8 (i - i0) / b) / 8, eight levels 1, 7/8 ... 1/8; 1 before the start.

    `iteration` is an int64 scalar; `length` is the interval's b.
    """
    level = (LEVELS * (iteration - start)) // length
    return 1.0 - tf.cast(tf.clip_by_value(level, 0, LEVELS - 1), tf.float32) / LEVELS


def table_1(iteration: tf.Tensor, iterations: int, learning_rate: float = PUBLISHED_RATE) -> Schedule:
    """Table 1, its boundaries scaled from 10^6 non-adversarial iterations to `iterations`; as many adversarial follow.

    The generator's rate is constant for the first half of either half, then falls in eight levels. It starts at
    `learning_rate` and, adversarially, at a third of it; the inner trainer has twice the generator's. The
    discriminators keep that third throughout. beta1 falls from 0.9 as 0.5 + 0.4 f. `iteration` is an int64 scalar:
    updates done.
    """
    half = iterations // 2
    first, second = decay(iteration, half, iterations - half), decay(iteration, iterations + half, iterations - half)
    adversarial = iteration >= iterations
    rate = learning_rate * tf.where(adversarial, second / 3, first)
    zero = tf.zeros_like(rate)
    return Schedule(
        generator_rate=rate,
        predictor_rate=tf.where(adversarial, zero, rate),
        trainer_rate=2 * rate,
        discriminator_rate=tf.where(adversarial, learning_rate / 3, zero),
        beta1=tf.where(adversarial, 0.5, 0.5 + 0.4 * first),
        predictor_beta1=tf.constant(BETA1),
        discriminator_beta1=tf.constant(DISCRIMINATOR_BETA1),
    )


def boundaries(iterations: int, learning_rate: float = PUBLISHED_RATE) -> list[tuple[int, Schedule]]:
    """Where each interval of Table 1, or a level of its decay, begins in both halves, and the values from there on."""
    half = iterations // 2
    starts = {0, iterations}
    for begin in (half, iterations + half):
        starts |= {begin - (-level * (iterations - half) // LEVELS) for level in range(LEVELS)}  # rounded up
    return [(i, table_1(tf.constant(i, tf.int64), iterations, learning_rate)) for i in sorted(starts)]


class OneStageSchedule(NamedTuple):
    """Rate and first-moment decay of the one-stage generator at an iteration; float32 scalars."""

    rate: tf.Tensor
    beta1: tf.Tensor


def one_stage(
    iteration: tf.Tensor, iterations: int, learning_rate: float = ONE_STAGE_PUBLISHED_RATE
) -> OneStageSchedule:
    """Section IV's schedule, its boundaries scaled from 10^5 to `iterations`; `iteration` is an int64 scalar.

    The rate is `learning_rate`, half of it from 1/8 of the iterations, a quarter from 1/4; beta1 is 0.9, and 0.5 from
    the half, where batch norm freezes too.
    """
    eighth = 8 * iteration // iterations
    halvings = tf.cast(tf.clip_by_value(eighth, 0, 2), tf.float32)
    return OneStageSchedule(learning_rate * 0.5**halvings, tf.where(eighth < 4, 0.9, 0.5))


def one_stage_boundaries(
    iterations: int, learning_rate: float = ONE_STAGE_PUBLISHED_RATE
) -> list[tuple[int, OneStageSchedule]]:
    """Where each interval of section IV's schedule begins, and the values from there on."""
    starts = [-(-eighths * iterations // 8) for eighths in (0, 1, 2, 4)]  # rounded up
    return [(i, one_stage(tf.constant(i, tf.int64), iterations, learning_rate)) for i in starts]


def cosine(iteration: tf.Tensor, iterations: int, learning_rate: float) -> tf.Tensor:
    """The scan-grid generator's rate: it rises, then falls to 0 as a cosine (method.md section 10); float32 scalar."""
    done = tf.cast(iteration, tf.float32) / iterations
    return learning_rate * tf.minimum(done / WARM_UP, 1.0) * 0.5 * (1 + tf.cos(math.pi * done))


def constant(iteration: tf.Tensor, learning_rate: float) -> tf.Tensor:
    """The rate that finetune trains by, for it may end at any time: it rises linearly, then stays; float32 scalar."""
    return learning_rate * tf.minimum(tf.cast(iteration + 1, tf.float32) / CONSTANT_WARM_UP, 1.0)


def format_table(config: Config) -> str:
    """A config's schedule for a terminal: a line for each boundary of Table 1, dashes where a network is not trained.

    For a one-stage generator section IV's, for a scan-grid one the eighths of its cosine, after its rise.
    """
    iterations, rate = config.iterations, config.learning_rate
    names: tuple[str, ...]
    if config.schedule == "constant":
        names, rows = ("G",), [(CONSTANT_WARM_UP, [f"{rate:.6g}"])]
    elif config.network == "one-stage":
        names, rows = ("G", "beta1 G"), [(i, _cells(now)) for i, now in one_stage_boundaries(iterations, rate)]
    elif config.network == "scan-grid":
        starts = [round(WARM_UP * iterations), *[eighth * iterations // 8 for eighth in range(1, 8)]]
        names = ("G",)
        rows = [(i, [f"{float(cosine(tf.constant(i, tf.int64), iterations, rate)):.6g}"]) for i in starts]
    else:
        names = ("G", "M", "T", "D", "beta1 G, T", "beta1 M", "beta1 D")
        rows = [(i, _cells(now)) for i, now in boundaries(iterations, rate)]
    lines = [f"{'from iteration':>14}" + "".join(f"{name:>12}" for name in names)]
    return "\n".join(lines + [f"{i:>14}" + "".join(f"{cell:>12}" for cell in cells) for i, cells in rows])


def _cells(schedule: Schedule | OneStageSchedule) -> list[str]:
    values = {name: float(value) for name, value in schedule._asdict().items()}
    idle = {name.split("_")[0] for name, value in values.items() if name.endswith("_rate") and value == 0}
    return ["-" if name.split("_")[0] in idle else f"{value:.6g}" for name, value in values.items()]
