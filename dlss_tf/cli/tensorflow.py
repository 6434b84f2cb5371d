"""Importing TensorFlow in silence."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator

from ..errors import InputError


def start_tensorflow() -> None:
    """Import it, and run an operation, without the announcements that newer ones make whatever the log level is.

    Raises:
        InputError: it is not installed.
    """
    if importlib.util.find_spec("tensorflow") is None:
        advice = "this command needs it, and the light installation is without (docs/light.md)"
        raise InputError(f"TensorFlow: expected it in {sys.prefix}, found none; {advice}")
    with _silent_stderr():
        import tensorflow as tf

        tf.constant(0)
    tf.get_logger().setLevel("ERROR")  # images of several sizes are no reason for it to warn


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
