"""What is defined over a batch, where several replicas have a part of it each (tf.distribute): means, sums, draws.

A replica is a copy of all variables on a device of its own. Every one does the same update, of numbers that are summed
over all of them, so that the copies stay the same. Outside of `sharing` there is one replica, and every function here
gives what it is given, or what TensorFlow's own would: no operation is added to a graph.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

_batch: ContextVar[int | None] = ContextVar("batch", default=None)


@contextlib.contextmanager
def sharing(batch: int) -> Iterator[None]:
    """In a function that `tf.distribute.Strategy.run` runs: its replicas share a batch of so many examples."""
    token = _batch.set(batch)
    try:
        yield
    finally:
        _batch.reset(token)


def part(index: int, of: int, batch: int) -> slice:
    """Which examples of a batch are part `index` out of `of`; parts differ by one example if it does not divide."""
    return slice(index * batch // of, (index + 1) * batch // of)


def mine() -> slice:
    """Which examples of the batch are this replica's; within `sharing`."""
    batch, context = _batch.get(), tf.distribute.get_replica_context()
    assert batch is not None
    return part(int(tf.get_static_value(context.replica_id_in_sync_group)), context.num_replicas_in_sync, batch)


def batch_size(own: int | tf.Tensor) -> int | tf.Tensor:
    """Examples of the whole batch, where there are `own` here."""
    batch = _batch.get()
    return own if batch is None else batch


def own(values: tf.Tensor, axis: int = 0) -> tf.Tensor:
    """Of values for the whole batch, which `axis` counts, those of this replica's examples."""
    if _batch.get() is None:
        return values
    return values[(slice(None),) * axis + (mine(),)]


def total(values: Any) -> Any:
    """Tensors, nested as they may be, summed over replicas. The gradient of what is summed is summed likewise."""
    if _batch.get() is None:
        return values
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def share(mean: tf.Tensor) -> tf.Tensor:
    """What a mean over this replica's examples adds to that over the batch; the mean is their `total`."""
    batch = _batch.get()
    if batch is None:
        return mean
    return mean * ((mine().stop - mine().start) / batch)


def mean(values: tf.Tensor, axes: Sequence[int] | None = None) -> tf.Tensor:
    """`tf.reduce_mean` over `axes`, the batch's, 0, among them, of all replicas' values."""
    return total(share(tf.reduce_mean(values, axes)))


def moments(values: tf.Tensor, axes: Sequence[int]) -> tuple[tf.Tensor, tf.Tensor]:
    """`tf.nn.moments` likewise."""
    if _batch.get() is None:
        return tf.nn.moments(values, axes)
    center = mean(values, axes)
    return center, mean(tf.math.squared_difference(values, tf.stop_gradient(center)), axes)


def everywhere(values: tf.Tensor, most: int | None = None) -> tf.Tensor:
    """Of values for this replica's examples, [own, ...], those for the whole batch, [batch, ...]; exact.

    If that is more than `most` examples, of the first so many alone.
    """
    batch = _batch.get() or values.shape[0]
    few = batch if most is None or batch is None else min(batch, most)
    if _batch.get() is None:
        return values if few == batch else values[:few]
    start, stop = min(mine().start, few), min(mine().stop, few)
    numbers = tf.cast(values, tf.int32) if values.dtype == tf.bool else values
    padded = tf.pad(numbers[: stop - start], [[start, few - stop], *[[0, 0]] * (len(values.shape) - 1)])
    return tf.cast(total(padded), values.dtype)
