"""Table 1: learning rates and momentum decays at each iteration (method.md section 7)."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

PUBLISHED_RATE = 3e-4
LEVELS = 8


class Schedule(NamedTuple):
    """Rates and first-moment decays in force at an iteration; float32 scalars."""

    generator_rate: tf.Tensor
    trainer_rate: tf.Tensor
    beta1: tf.Tensor  # of generator and inner trainer


def decay(iteration: tf.Tensor, start: int, length: int) -> tf.Tensor:
    """f of Table 1, as the code has it: 1 - floor(8 (i - i0) / b) / 8, eight levels 1, 7/8 ... 1/8; 1 before the start.

    `iteration` is an int64 scalar; `length` is the interval's b.
    """
    level = (LEVELS * (iteration - start)) // length
    return 1.0 - tf.cast(tf.clip_by_value(level, 0, LEVELS - 1), tf.float32) / LEVELS


def non_adversarial(iteration: tf.Tensor, iterations: int, learning_rate: float = PUBLISHED_RATE) -> Schedule:
    """Table 1's first half, its boundaries scaled from 10^6 to `iterations`: constant, then eight levels down.

    The generator starts at `learning_rate`, the inner trainer at twice that; beta1 falls from 0.9 as 0.5 + 0.4 f.
    """
    half = iterations // 2
    f = decay(iteration, half, iterations - half)
    rate = learning_rate * f
    return Schedule(rate, 2 * rate, 0.5 + 0.4 * f)
