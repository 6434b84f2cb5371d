"""One run on several devices or machines (tf.distribute): which they are, and what they do together."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from ..config import STRATEGIES, Config
from ..errors import InputError, warn
from ..layers import replicas
from . import workers

MOST_BYTES = 2**16  # of what the chief tells the others


@dataclasses.dataclass(frozen=True)
class Distribution:
    """The replicas of a run: `strategy` has a copy of every variable on each device of each worker.

    Workers are processes that run the same program, numbered from 0; the first is the chief, who alone writes. All
    have as many devices.
    """

    strategy: tf.distribute.Strategy
    worker: int = 0
    workers: int = 1

    def part(self, batch: int) -> slice:
        """Which examples of a batch this worker reads."""
        return replicas.part(self.worker, self.workers, batch)

    def check(self, config: Config) -> None:
        """InputError if a replica would have no example; a warning that a step on several is not compiled by XLA."""
        count = self.strategy.num_replicas_in_sync
        if config.batch < count:
            raise InputError(f"batch: expected at least one example for each of {count} replicas, found {config.batch}")
        if config.xla:
            warn("xla: a step on several replicas is not compiled with XLA", stacklevel=2)

    def told_by_chief(self, say: Callable[[], str]) -> str:
        """What the chief's call of `say` gives, on every worker; its InputError, too."""
        text, error = "", None
        if is_chief(self):
            try:
                text = f"+{say()}"
            except InputError as raised:
                text, error = f"-{raised}", raised
        encoded = text.encode()
        if len(encoded) > MOST_BYTES:
            raise InputError(f"data: expected its folders to have shorter names or to be fewer, found {text[:100]}...")
        summed = self._sum(tf.constant([*encoded, *[0] * (MOST_BYTES - len(encoded))], tf.int32))
        if error is not None:
            raise error
        text = bytes(summed.numpy().tolist()).rstrip(b"\0").decode()
        if text.startswith("-"):
            raise InputError(text[1:])
        return text[1:]

    def any(self, flag: bool) -> bool:
        """Whether a worker's flag is set."""
        return flag if self.workers == 1 else bool(self._sum(tf.constant(int(flag))) > 0)

    def wait(self) -> None:
        """Until every worker is here, as none may end while another needs it; the chief not for one that has ended."""
        with contextlib.suppress(*[tf.errors.OpError] * is_chief(self)):
            self.any(False)

    def as_chief(self, variables: Sequence[tf.Variable]) -> None:
        """Give every worker the chief's values."""
        if self.workers == 1:
            return
        chief = is_chief(self)

        def on_replica(variables: list[tf.Variable]) -> None:
            held = [tf.convert_to_tensor(variable) for variable in variables]
            values = _summed(held if chief else [tf.zeros_like(each) for each in held])
            for variable, value in zip(variables, values):
                variable.assign(value)

        for kind in sorted({variable.dtype.name for variable in variables}):  # what is summed together is of one type
            some = [variable for variable in variables if variable.dtype.name == kind]
            tf.function(lambda some=some: self.strategy.run(on_replica, (some,)), autograph=False)()

    def _sum(self, values: tf.Tensor) -> tf.Tensor:
        """Over workers."""
        return self.strategy.experimental_local_results(self._run_sum(values))[0]

    @functools.cached_property
    def _run_sum(self) -> tf.types.experimental.GenericFunction:
        return tf.function(lambda values: self.strategy.run(_summed, (values,)), autograph=False)


def _summed(values: Any) -> Any:
    """Over workers, in a replica: only the first of each counts."""
    context = tf.distribute.get_replica_context()
    number = int(tf.get_static_value(context.replica_id_in_sync_group))
    counts = number % len(context.strategy.extended.worker_devices) == 0
    # A function's inputs are on no device, and sums are to be where their summands are.
    values = tf.nest.map_structure(tf.identity if counts else tf.zeros_like, values)
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values)


def is_chief(distribution: Distribution | None) -> bool:
    """Whether this process is the one that writes."""
    return distribution is None or distribution.worker == 0


def choose(name: str) -> Distribution | None:
    """`mirrored`: all GPUs of this machine, or logical CPUs; `multiworker`: those of all machines of a cluster.

    None if that is one device alone, on which training needs no strategy. To be called before TensorFlow's first
    operation, after which a worker of a cluster cannot start. It waits for the other workers.

    Raises:
        InputError: another name, or no cluster, or one that cannot be.
    """
    if name not in STRATEGIES:
        raise InputError(f"strategy: expected {' or '.join(STRATEGIES)}, found {name}")
    if name == "multiworker":
        cluster = workers.cluster()
        if cluster.count > 1:
            return Distribution(cluster.strategy(), cluster.number, cluster.count)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) == 1:
        return None
    return Distribution(tf.distribute.MirroredStrategy([device.name for device in devices]))


def together(step: Callable[..., Any], distribution: Distribution | None, batch: int, xla: bool) -> Callable[..., Any]:
    """A step of positions int64 [b] and crops [b, N, N, 1], compiled; one step for a batch that replicas share.

    Then it takes the examples that this worker has read, and every replica computes `step` of all positions and of
    its own crops, within `replicas.sharing`.
    """
    if distribution is None:
        return tf.function(step, jit_compile=xla, autograph=False)
    strategy, read = distribution.strategy, distribution.part(batch)

    def on_replica(positions: tf.Tensor, crops: tf.Tensor) -> Any:
        with replicas.sharing(batch):
            mine = replicas.mine()
            own = slice(mine.start - read.start, mine.stop - read.start)
            with tf.device("CPU:0"):  # where they are: no device gets more than its own
                crops = tf.ensure_shape(crops, [read.stop - read.start, *crops.shape[1:]])[own]
            if distribution.workers > 1:  # in order, which a bad file at one worker would change
                positions = tf.sort(replicas.everywhere(positions[own]))
            return step(positions, crops)

    def on_all(positions: tf.Tensor, crops: tf.Tensor) -> Any:
        results = strategy.run(on_replica, (positions, crops))
        return tf.nest.map_structure(lambda each: strategy.experimental_local_results(each)[0], results)

    return tf.function(on_all, autograph=False)
