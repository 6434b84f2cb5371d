"""Experience replay inside the graph (paper section II, "Experience replay"; method.md section 8)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from ..data import seeds
from ..layers import replicas

SIZE = 50
REPLAY_PROBABILITY = 0.2
INSERTION_RATE = 0.2
# Step of the threshold's logarithm per example, times (inserted - 0.2). A stochastic quantile: the rate's mean over n
# examples differs from 0.2 by the threshold's movement / (n * STEP), so it also holds while losses drift.
STEP = 0.2


class Replay(tf.Module):
    """50 crops and their factors; hard fresh examples replace random members, random members replace fresh examples."""

    def __init__(self, size: int, seed: int, members: int = SIZE):
        super().__init__(name="replay")
        self.seed, self.members = seed, members
        self.crops = tf.Variable(tf.zeros([members, size, size, 1]), trainable=False)
        self.factors = tf.Variable(tf.zeros([members], tf.int64), trainable=False)  # int32 is never on a GPU
        self.log_threshold = tf.Variable(float("inf"), trainable=False)  # until the first errors are seen
        self.insertion_rate = tf.Variable(INSERTION_RATE, trainable=False)  # decay 0.99, for the log

    def state(self) -> dict[str, tf.Variable]:
        """All that a checkpoint needs, by name."""
        return {k: getattr(self, k) for k in ("crops", "factors", "log_threshold", "insertion_rate")}

    def fill(self, index: int, crop: tf.Tensor, factor: tf.Tensor) -> None:
        """Put one crop [N, N, 1] and its factor into place `index`, before training starts."""
        for held, value in ((self.crops, crop), (self.factors, factor)):  # a slice's own `assign` has one replica's
            held.scatter_update(tf.IndexedSlices(tf.cast(value, held.dtype)[None], [index]))

    def mix(self, crops: tf.Tensor, factors: tf.Tensor, iteration: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Replace each of [b, N, N, 1] and [b] by a random member with probability 0.2.

        Returns crops, factors and which of them are fresh, bool [b].
        """
        batch = replicas.batch_size(tf.shape(factors)[0])
        fresh = replicas.own(self._uniform(iteration, 0, [batch])) >= REPLAY_PROBABILITY
        member = tf.cast(replicas.own(self._uniform(iteration, 1, [batch])) * self.members, tf.int32)
        crops = tf.where(fresh[:, None, None, None], crops, tf.gather(self.crops, member))
        return crops, tf.where(fresh, factors, tf.cast(tf.gather(self.factors, member), factors.dtype)), fresh

    def insert(
        self, crops: tf.Tensor, factors: tf.Tensor, errors: tf.Tensor, fresh: tf.Tensor, iteration: tf.Tensor
    ) -> None:
        """Let fresh examples whose error, outer MSE / p(c) [b], is in the top 20% replace random members.

        Of a batch larger than the buffer, the first so many are offered.
        """
        offered = (replicas.everywhere(each, self.members) for each in (crops, factors, errors, fresh))
        crops, factors, errors, fresh = offered
        log_errors = tf.math.log(errors + 1e-12)
        hard = fresh & (log_errors > self.log_threshold)
        places = tf.math.top_k(self._uniform(iteration, 2, [self.members]), tf.shape(factors)[0]).indices
        kept_crops, kept_factors = tf.gather(self.crops, places), tf.gather(self.factors, places)
        self.crops.scatter_update(tf.IndexedSlices(tf.where(hard[:, None, None, None], crops, kept_crops), places))
        self.factors.scatter_update(tf.IndexedSlices(tf.where(hard, tf.cast(factors, tf.int64), kept_factors), places))
        self._track(log_errors, hard, fresh)

    def _track(self, log_errors: tf.Tensor, hard: tf.Tensor, fresh: tf.Tensor) -> None:
        hard, fresh = tf.cast(hard, tf.float32), tf.cast(fresh, tf.float32)
        surplus = tf.reduce_sum(hard - INSERTION_RATE * fresh)
        threshold = tf.where(tf.math.is_inf(self.log_threshold), tf.reduce_mean(log_errors), self.log_threshold)
        self.log_threshold.assign(threshold + STEP * surplus)
        self.insertion_rate.assign_add(0.01 * tf.reduce_sum(hard - self.insertion_rate * fresh))

    def _uniform(self, iteration: tf.Tensor, use: int, shape: Sequence[int | tf.Tensor]) -> tf.Tensor:
        """Uniform [0, 1) that is a pure function of seed, iteration and use, so that a resumed run draws the same."""
        return tf.random.stateless_uniform(shape, seeds.key(self.seed * seeds.REPLAY_USES, use, iteration))
