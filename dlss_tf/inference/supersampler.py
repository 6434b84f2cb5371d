"""The one way to run a generator: scans in, supersampled images out, in the scans' own units."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from .. import lattice, weights
from ..data.examples import scan_range
from ..errors import InputError
from ..models import SIDE_MULTIPLE, generators


class Supersampler:
    """``Supersampler()(scan, factor=5)`` -> the image, `factor` times larger a side.

    `weights_directory` is a run directory or one under ``checkpoints/``; without it the pretrained generator that comes
    with this package is taken. Raises InputError if there are no weights.
    """

    def __init__(self, weights_directory: str | None = None):
        weights_directory = weights_directory or weights.pretrained()
        self.config, arrays = weights.load(weights_directory)
        try:
            self._generator = generators.trained(self.config, arrays)
        except (KeyError, ValueError) as error:
            raise InputError(f"weights {weights_directory}: do not fit its config.json: {error}") from None
        self._run = tf.function(self._generator, input_signature=[tf.TensorSpec([None, None, None, 1])])

    def complete(self, inputs: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Generator outputs for nearest-infilled inputs [b, H, W, 1] in [0, 1], of any sides; same shape and scale."""
        height, width = inputs.shape[1:3]
        (top, _), (left, _) = padding = [self._padding(side) for side in (height, width)]
        padded = np.pad(np.asarray(inputs, np.float32), [(0, 0), *padding, (0, 0)], mode="symmetric")
        return self._run(padded)[:, top : top + height, left : left + width]

    def check_factor(self, factor: int) -> int:
        """Return it as an int; InputError unless the generator takes it."""
        factor = lattice.check_factor(factor)
        if self.config.network == "one-stage" and factor not in self.config.factors:
            raise InputError(
                f"factor: expected {self.config.factors[0]}, the only one that this one-stage generator takes, "
                f"found {factor}"
            )
        return factor

    def _padding(self, side: int) -> tuple[int, int]:
        """Pixels to add before and after an axis: to a multiple of 32 on which the scan is on the lattice still.

        Only the one-stage generator, which takes the lattice's samples alone, needs some before.
        """
        before, padded = 0, side + -side % SIDE_MULTIPLE
        if self.config.network == "one-stage":
            (factor,) = self.config.factors
            while side + (before := (lattice.offset(padded, factor) - lattice.offset(side, factor)) % factor) > padded:
                padded += SIDE_MULTIPLE
        return before, padded - side - before

    def __call__(self, scan: np.ndarray, factor: int) -> np.ndarray:
        """Supersample [h, w] or [b, h, w] in any units to float32 [..., factor h, factor w] in those units.

        Non-finite values count as 0. Raises InputError for another shape, a factor outside 2 to 16, or another factor
        than a one-stage generator was trained for.
        """
        factor = self.check_factor(factor)
        scan = np.asarray(scan, np.float32)
        if scan.ndim not in (2, 3) or 0 in scan.shape:
            raise InputError(f"scan: expected an image [h, w] or a stack [b, h, w], found shape {list(scan.shape)}")
        stack = np.nan_to_num(scan, nan=0.0, posinf=0.0, neginf=0.0).reshape(-1, *scan.shape[-2:])
        size = tuple(side * factor for side in stack.shape[1:])
        infilled = lattice.infill(stack, size, factor)[..., None]
        low, scale = (part.numpy() for part in scan_range(tf.constant(infilled)))
        images = self.complete((infilled - low) / scale).numpy() * scale + low
        return images[..., 0].reshape(*scan.shape[:-2], *size)
