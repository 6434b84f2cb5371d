"""Which processes train one run together: from TF_CONFIG, or from a job step of SLURM."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator

import tensorflow as tf

from ..errors import InputError, TrainingStopped

EXPECTED = '{"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}'
_SLURM = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST", "SLURM_STEP_TASKS_PER_NODE")

Resolver = tf.distribute.cluster_resolver.ClusterResolver


def resolver() -> Resolver:
    """The cluster of the environment variable TF_CONFIG, else of the SLURM job step that this process is a task of.

    Raises:
        InputError: there is neither, or it does not name this process.
    """
    if os.environ.get("TF_CONFIG"):
        cluster, kind, index = _of_tf_config(os.environ["TF_CONFIG"])
    elif all(name in os.environ for name in _SLURM):
        cluster, kind, index = _of_slurm()
    else:
        raise InputError(
            "strategy multiworker: expected the environment variable TF_CONFIG, or a job step of SLURM (srun), found "
            "neither"
        )
    gpus = len(tf.config.list_physical_devices("GPU"))
    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(cluster), task_type=kind, task_id=index, num_accelerators={"GPU": gpus}, rpc_layer="grpc"
    )


def _of_tf_config(text: str) -> tuple[dict[str, list[str]], str, int]:
    try:
        found = json.loads(text)
        cluster, kind, index = found["cluster"], found["task"]["type"], int(found["task"]["index"])
        known = set(cluster) <= {"chief", "worker"} and len(cluster.get("chief", ())) <= 1
        if not known or not 0 <= index < len(cluster[kind]) or not all(map(_is_address, sum(cluster.values(), []))):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"TF_CONFIG: expected {EXPECTED}, found {text}") from None
    return cluster, kind, index


def _is_address(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"\S+:\d+", text) is not None


def _of_slurm() -> tuple[dict[str, list[str]], str, int]:
    """By TensorFlow's resolver, which is to choose no GPUs: a task has those that SLURM lets it see."""
    try:
        slurm = tf.distribute.cluster_resolver.SlurmClusterResolver(
            gpus_per_node=2**16, gpus_per_task=1, auto_set_gpu=False
        )
        cluster = slurm.cluster_spec().as_dict()
        return cluster, *slurm.get_task_info()
    except (RuntimeError, ValueError) as error:
        raise InputError(f"strategy multiworker: expected a job step of SLURM, found: {error}") from None


def count(of: Resolver) -> int:
    """How many processes there are."""
    return sum(len(tasks) for tasks in of.cluster_spec().as_dict().values())


def number(of: Resolver) -> int:
    """Which of them this is; a chief comes before workers."""
    before = len(of.cluster_spec().as_dict().get("chief", ())) if of.task_type == "worker" else 0
    return before + of.task_id


@contextlib.contextmanager
def one_ends_all(run: str) -> Iterator[None]:
    """While training with other workers: if one of them ends, or cannot be reached, this one does.

    TensorFlow notices at once if a process ended, and in half a minute if a machine did.

    Raises:
        TrainingStopped: that happened.
    """
    try:
        yield
    except (tf.errors.ResourceExhaustedError, InputError):
        raise
    except tf.errors.OpError as error:
        named = re.search(r"/job:(\w+)/replica:\d+/task:(\d+)", error.message or "")
        who = f"{named[1]} {named[2]}" if named else "another worker"
        raise TrainingStopped(
            f"run {run}: {who} ended or cannot be reached, so that this one ends, too; see what it says, then start "
            "all of them again with --resume"
        ) from None
