"""Keys of stateless draws: a run's seed and a salt for each kind of draw, so that no two kinds draw alike."""

from __future__ import annotations

import tensorflow as tf

# Added to the seed. Changing one changes every run.
VALIDATION = 1  # of the validation stream and its coverages
FACTORS = 1_000_003  # coverages of examples
PREDICTOR_CROPS = 2_000_003  # what M sees
DISCRIMINATOR_CROPS = 3_000_017  # what the discriminators see
WINDOWS = 4_000_037  # what of its crops a scan-grid generator is trained on
AUGMENTATION = 5_000_011  # and on: a number for each use

REPLAY_USES = 8  # the replay buffer's draws multiply the seed by this and add the number of their use


def key(seed: int, salt: int, counter: tf.Tensor) -> tf.Tensor:
    """Key of the `counter`-th draw of a kind, int64 [2]; `counter` is an int64 scalar."""
    return tf.stack([tf.constant(seed + salt, tf.int64), counter])
