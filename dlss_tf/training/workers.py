"""Which processes train one run together: from TF_CONFIG, or from a job step of SLURM."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
from collections.abc import Iterator

import tensorflow as tf

from ..errors import InputError, TrainingStopped, reason

EXPECTED = '{"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}'
_LOST = tuple(
    getattr(tf.errors, f"{name}Error")
    for name in ("Unavailable", "Aborted", "Cancelled", "DeadlineExceeded", "FailedPrecondition", "Internal")
)
_SLURM = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST", "SLURM_STEP_TASKS_PER_NODE")


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes that train together: addresses HOST:PORT of each kind, and which of them this one is."""

    addresses: dict[str, list[str]]
    kind: str
    index: int

    @property
    def count(self) -> int:
        """How many processes there are."""
        return sum(map(len, self.addresses.values()))

    @property
    def number(self) -> int:
        """Which of them this is, from 0; a chief comes before workers."""
        return self.index + (len(self.addresses.get("chief", ())) if self.kind == "worker" else 0)

    def strategy(self) -> tf.distribute.Strategy:
        """TensorFlow's for them; waits until all have been started.

        Raises:
            InputError: not all are.
        """
        gpus = len(tf.config.list_physical_devices("GPU"))
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec(self.addresses), "", self.kind, self.index, num_accelerators={"GPU": gpus}
        )
        try:
            return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
        except (tf.errors.OpError, RuntimeError) as error:
            raise InputError(f"strategy multiworker: expected {self.count} workers, found: {reason(error)}") from None


def cluster() -> Cluster:
    """That of the environment variable TF_CONFIG, else of the SLURM job step that this process is a task of.

    Raises:
        InputError: there is neither, or it does not name this process.
    """
    if os.environ.get("TF_CONFIG"):
        return _of_tf_config(os.environ["TF_CONFIG"])
    if all(name in os.environ for name in _SLURM):
        return _of_slurm()
    raise InputError(
        "strategy multiworker: expected the environment variable TF_CONFIG or a job step of SLURM (srun), found neither"
    )


def _of_tf_config(text: str) -> Cluster:
    try:
        found = json.loads(text)
        cluster = Cluster(found["cluster"], found["task"]["type"], int(found["task"]["index"]))
        known = set(cluster.addresses) <= {"chief", "worker"} and len(cluster.addresses.get("chief", ())) <= 1
        there = 0 <= cluster.index < len(cluster.addresses[cluster.kind])
        if not (known and there and all(map(_is_address, sum(cluster.addresses.values(), [])))):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"TF_CONFIG: expected {EXPECTED}, found {text}") from None
    return cluster


def _is_address(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"\S+:\d+", text) is not None


def _of_slurm() -> Cluster:
    """By TensorFlow's resolver, which is to choose no GPUs: a task has those that SLURM lets it see."""
    try:
        slurm = tf.distribute.cluster_resolver.SlurmClusterResolver(
            gpus_per_node=2**16, gpus_per_task=1, auto_set_gpu=False
        )
        return Cluster(slurm.cluster_spec().as_dict(), *slurm.get_task_info())
    except (RuntimeError, ValueError) as error:
        raise InputError(f"strategy multiworker: expected a job step of SLURM, found: {error}") from None


@contextlib.contextmanager
def one_ends_all(run: str) -> Iterator[None]:
    """While training with other workers: if one of them ends, or cannot be reached, this one does.

    TensorFlow notices at once if a process ended, and in half a minute if a machine did.

    Raises:
        TrainingStopped: that happened.
    """
    try:
        yield
    except _LOST as error:
        named = re.search(r"/job:(\w+)/replica:\d+/task:(\d+)", error.message or "")
        who = f"{named[1]} {named[2]}" if named else "another worker"
        raise TrainingStopped(
            f"run {run}: {who} ended or cannot be reached, so that this one ends, too; see what it says, then start "
            "all of them again with --resume"
        ) from None
