"""Images to prepare."""

import numpy as np


def specimen(seed, shape=(64, 64), dtype="uint16"):
    """An image of smooth hills under a little noise, other ones for each seed."""
    rng = np.random.default_rng(seed)
    rows, columns = np.ogrid[: shape[-2], : shape[-1]]
    image = np.zeros(shape[-2:])
    for row, column, height in zip(*(rng.random(12) * side for side in (*shape[-2:], 1))):
        image += height * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 30)
    return (1000 * image + rng.normal(100, 5, shape).clip(0)).astype(dtype)
