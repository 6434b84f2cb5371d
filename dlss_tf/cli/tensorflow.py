"""Importing TensorFlow in silence."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from ..training.distribution import Distribution


def start_tensorflow(strategy: str | None = None) -> Distribution | None:
    """Import it, and run an operation, without the announcements that newer ones make whatever the log level is.

    Before that the replicas of a `strategy` are chosen, and the other workers waited for, if there are any.

    Raises:
        InputError: it is not installed; or what `distribution.choose` raises.
    """
    chosen = None
    if importlib.util.find_spec("tensorflow") is None:
        advice = "this command needs it, and the light installation is without (docs/light.md)"
        raise InputError(f"TensorFlow: expected it in {sys.prefix}, found none; {advice}")
    with _silent_stderr():
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # images of several sizes are no reason for it to warn
        if strategy is not None:
            from ..training.distribution import choose

            chosen = choose(strategy)
        tf.constant(0)
    return chosen


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Without what native code writes there."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
