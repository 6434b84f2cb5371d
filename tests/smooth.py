"""Networks and steps in which rounding stays small, for comparing what is equal to rounding; with few layers.

`python tests/smooth.py train ...` is `dlss-tf train ...` of such a network.
"""

import sys

import pytest
import tensorflow as tf
from shallow import shallow
from tensorflow import keras

from dlss_tf.training.optimizer import Adam


def smooth(patch: pytest.MonkeyPatch) -> None:
    """Build such networks from now on, until `patch` is undone.

    A ReLU's kink and ADAM's first steps, which are as large for the smallest gradient, make much of rounding.
    """
    shallow(patch)
    patch.setattr(Adam, "EPSILON", 1.0)
    for kind in (keras.layers.ReLU, keras.layers.LeakyReLU):
        patch.setattr(kind, "call", lambda self, inputs: tf.nn.softplus(inputs))


def trace_only() -> None:
    """In a process that makes but a few steps: graphs are run as they are traced, which takes a tenth of its time."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


if __name__ == "__main__":
    from dlss_tf import cli

    smooth(pytest.MonkeyPatch())
    trace_only()
    sys.exit(cli.main())
