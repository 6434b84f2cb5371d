"""Trains what tells a scan-grid generator's errors: its second head, by likelihood, the generator being frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from .._compat import arrays, variables
from ..config import Config
from ..data.crops import CropStream
from ..data.examples import scan_range
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


def networks(config: Config, weights: dict[str, np.ndarray]) -> tuple[ScanGrid, Spread]:
    """The generator with trained weights, and a head that is not trained yet."""
    made = scan_grid.build(config)
    for name, variable in variables(made.generator).items():
        variable.assign(weights[name])
    head = spread.build(config, made)
    spread.initialize(head, config.seed)
    return made, head


def fit(
    config: Config, weights: dict[str, np.ndarray], files: Sequence[str], iterations: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """The head's weights by name, after that many iterations of 4 augmented crops and one factor each."""
    made, head = networks(config.replace(mixed_precision=False), weights)
    step = spread_step(config, made, head, iterations)
    stream = iter(CropStream(files, config.size, batch=BATCH, seed=seed, augment=True))
    random, progress = np.random.default_rng(seed), Progress("error bars", iterations)
    for i in range(iterations):
        _, crops = next(stream)
        loss = step(crops, tf.constant(int(random.choice(config.factors))), tf.constant(i, tf.int64))
        progress.update(i + 1, f"negative log likelihood {float(loss):.3f}")
    return arrays(head.head)


def spread_step(
    config: Config, made: ScanGrid, head: Spread, iterations: int
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """(crops [4, N, N, 1] in [0, 1], factor, iteration) -> the loss: an ADAM step of the head alone."""
    weights = variables(head.head)
    adam = Adam(weights, schedules.BETA1)

    @tf.function(autograph=False)
    def step(crops: tf.Tensor, factor: tf.Tensor, iteration: tf.Tensor) -> tf.Tensor:
        unit, target = in_scan_scale(crops, factor)
        which = tf.fill([BATCH], factor)
        output, *known = made.inside([unit, which])
        with tf.GradientTape() as tape:
            loss = negative_log_likelihood(output - target, head.head([*known, output, which]))
        rate = schedules.cosine(iteration, iterations, RATE)
        adam.apply(clipped(tape.gradient(loss, weights)), rate, tf.constant(schedules.BETA1))
        return loss

    return step


def in_scan_scale(crops: tf.Tensor, factor: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Crops [b, N, N, 1] and their blurred targets, in the scale in which their samples span [0, 1]."""
    offset = (crops.shape[1] % factor) // 2
    scan = tf.ensure_shape(crops[:, offset::factor, offset::factor], [crops.shape[0], None, None, 1])
    low, scale = scan_range(scan)
    return (crops - low) / scale, (blur_target(crops) - low) / scale
