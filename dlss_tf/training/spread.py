"""Trains what tells a scan-grid generator's errors: its second head, by likelihood, the generator being frozen."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from .. import weights
from .._compat import arrays, assign, variables
from ..config import Config
from ..data.crops import CropStream
from ..data.examples import scan_range
from ..errors import InputError
from ..layers.blur import blur_target
from ..models import scan_grid, spread
from ..models.scan_grid import ScanGrid
from ..models.spread import Spread, negative_log_likelihood
from ..progress import Progress
from . import schedules
from .optimizer import Adam
from .scan_grid import clipped

BATCH = 4
RATE = 2e-3
SAVE_EVERY = 20.0  # s
PART = os.path.join("weights", "spread-part.npz")  # how far it is


def networks(config: Config, generator: dict[str, np.ndarray]) -> tuple[ScanGrid, Spread]:
    """The generator with trained weights, and a head that is not trained yet."""
    made = scan_grid.build(config)
    assign(made.generator, generator)
    head = spread.build(config, made)
    spread.initialize(head, config.seed)
    return made, head


def fit(
    config: Config, generator: dict[str, np.ndarray], files: Sequence[str], iterations: int, seed: int, run: str
) -> dict[str, np.ndarray]:
    """The head's weights by name, after that many iterations of 4 augmented crops and one factor each.

    How far it is, is saved into the directory `run` every 20 s: the same call goes on there. `forget` removes that.
    """
    made, head = networks(config.replace(mixed_precision=False), generator)
    step, adam = spread_step(config, made, head, iterations)
    state = {**variables(head.head), **{f"adam/{name}": each for name, each in adam.state().items()}}
    identity = _identity(config, generator, files, iterations, seed)
    done, position = _resumed(run, state, identity)
    stream = iter(CropStream(files, config.size, batch=BATCH, seed=seed, position=position, augment=True))
    factors = np.random.default_rng(seed).choice(config.factors, iterations)
    progress, saved = Progress("error bars", iterations, start=done), time.monotonic()
    for i in range(done, iterations):
        indices, crops = next(stream)
        loss = step(crops, tf.constant(int(factors[i])), tf.constant(i, tf.int64))
        progress.update(i + 1, f"negative log likelihood {float(loss):.3f}")
        if time.monotonic() - saved > SAVE_EVERY:
            numbers = {"done": i + 1, "position": int(indices[-1]) + 1}
            how_far = {"identity": identity, **{name: np.array(n, np.float32) for name, n in numbers.items()}}
            weights.save(run, {**how_far, **{name: each.numpy() for name, each in state.items()}}, PART)
            saved = time.monotonic()
    return arrays(head.head)


def forget(run: str) -> None:
    """Remove what `fit` has saved of how far it is."""
    if os.path.exists(path := os.path.join(run, PART)):
        os.remove(path)


def _resumed(run: str, state: dict[str, tf.Variable], identity: np.ndarray) -> tuple[int, int]:
    """Iterations done and where the stream goes on, `state` being as it was then; 0, 0 if none are."""
    try:
        held = weights.load_spread(run, PART)
    except InputError:  # there is none, or a damaged one
        return 0, 0
    if set(held) != {*state, "identity", "done", "position"} or not np.array_equal(held["identity"], identity):
        return 0, 0
    for name, variable in state.items():
        variable.assign(held[name])
    return int(held["done"]), int(held["position"])


def _identity(
    config: Config, generator: dict[str, np.ndarray], files: Sequence[str], iterations: int, seed: int
) -> np.ndarray:
    """A digest of all that `fit` depends on, in numbers, as files of weights hold them."""
    digest = hashlib.sha256(repr((config, list(files), iterations, seed)).encode())
    for name in sorted(generator):
        digest.update(np.ascontiguousarray(generator[name]).tobytes())
    return np.frombuffer(digest.digest(), np.uint8).astype(np.float32)


def spread_step(
    config: Config, made: ScanGrid, head: Spread, iterations: int
) -> tuple[Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor], Adam]:
    """(crops [4, N, N, 1] in [0, 1], factor, iteration) -> the loss: an ADAM step of the head alone; and its ADAM."""
    trained = variables(head.head)
    adam = Adam(trained, schedules.BETA1)

    @tf.function(autograph=False)
    def step(crops: tf.Tensor, factor: tf.Tensor, iteration: tf.Tensor) -> tf.Tensor:
        unit, target = in_scan_scale(crops, factor)
        which = tf.fill([BATCH], factor)
        output, *known = made.inside([unit, which])
        with tf.GradientTape() as tape:
            loss = negative_log_likelihood(output - target, head.head([*known, output, which]))
        rate = schedules.cosine(iteration, iterations, RATE)
        adam.apply(clipped(tape.gradient(loss, trained)), rate, tf.constant(schedules.BETA1))
        return loss

    return step, adam


def in_scan_scale(crops: tf.Tensor, factor: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Crops [b, N, N, 1] and their blurred targets, in the scale in which their samples span [0, 1]."""
    offset = (crops.shape[1] % factor) // 2
    scan = tf.ensure_shape(crops[:, offset::factor, offset::factor], [crops.shape[0], None, None, 1])
    low, scale = scan_range(scan)
    return (crops - low) / scale, (blur_target(crops) - low) / scale
