"""Random numbers, random fields, Fourier filters and drawing: what specimens and microscope are made of."""

from __future__ import annotations

import functools

import numpy as np

Specimen = tuple[np.ndarray, float]  # object function, and the standard deviation of its finest features in pixels


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A random number whose logarithm is uniform between those of `low` and `high`."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with that probability."""
    return bool(rng.random() < probability)


@functools.lru_cache(maxsize=4)
def _frequencies(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column frequencies of rfft2 in cycles per pixel, shaped to broadcast."""
    return np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :]


@functools.lru_cache(maxsize=4)
def pixels(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column positions in pixels, shaped to broadcast."""
    position = np.arange(n, dtype=np.float32)
    return position[:, None], position[None, :]


def squared_frequency(n: int, stretch: float = 1.0, angle: float = 0.0) -> np.ndarray:
    """|f|^2, with the frequencies along `angle` multiplied by `stretch`: features become that much longer there."""
    fy, fx = _frequencies(n)
    along = fx * np.cos(angle) + fy * np.sin(angle)
    return fx**2 + fy**2 + (stretch**2 - 1) * along**2


def convolve(image: np.ndarray, transfer: np.ndarray) -> np.ndarray:
    """A square image filtered by a transfer function on the frequencies of rfft2, periodic; float32."""
    return np.fft.irfft2(np.fft.rfft2(image) * transfer, s=image.shape).astype(np.float32)


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Periodic Gaussian blur with a standard deviation of `sigma` pixels."""
    fy, fx = _frequencies(len(image))
    scale = -2 * (np.pi * sigma) ** 2
    return convolve(image, np.exp(scale * fy**2) * np.exp(scale * fx**2))


def texture(
    rng: np.random.Generator, n: int, length: float, slope: float = 3.0, stretch: float = 1.0, angle: float = 0.0
) -> np.ndarray:
    """A random field of mean 0 and variance 1.

    `length` is its correlation length; its amplitude falls as frequency**-`slope` beyond 1/`length`, so a small
    slope makes it rough. `stretch` and `angle` elongate it.
    """
    transfer = (1 + (2 * np.pi * length) ** 2 * squared_frequency(n, stretch, angle)) ** (-slope / 2)
    noise = rng.standard_normal((2,) + transfer.shape, dtype=np.float32)
    spectrum = (noise[0] + 1j * noise[1]) * transfer
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=(n, n)).astype(np.float32)
    return field / field.std()


def step(distance: np.ndarray, width: float) -> np.ndarray:
    """0 to 1 over about `width` pixels around distance 0."""
    return 0.5 + 0.5 * np.tanh(distance * (2 / width))


def ramp(rng: np.random.Generator, n: int) -> np.ndarray:
    """A plane between about -1 and 1 that rises in a random direction."""
    y, x = pixels(n)
    angle = rng.uniform(0, 2 * np.pi)
    return ((x - n / 2) * np.cos(angle) + (y - n / 2) * np.sin(angle)) * np.float32(2 / n)


def window(n: int, centre: np.ndarray, reach: float) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray] | None:
    """The part of the image within `reach` of `centre` and positions in it from the centre, None if outside."""
    low = np.maximum(np.floor(centre - reach), 0).astype(int)
    high = np.minimum(np.ceil(centre + reach) + 1, n).astype(int)
    if (low >= high).any():
        return None
    part = slice(low[0], high[0]), slice(low[1], high[1])
    y = np.arange(low[0], high[0], dtype=np.float32)[:, None] - np.float32(centre[0])
    x = np.arange(low[1], high[1], dtype=np.float32)[None, :] - np.float32(centre[1])
    return part, y, x


def splat(points: np.ndarray, weights: np.ndarray, n: int) -> np.ndarray:
    """An n x n image of point `weights` at `points` (row, column), each shared by its four nearest pixels."""
    inside = ((points >= 0) & (points < n - 1)).all(axis=1)
    points, weights = points[inside], weights[inside]
    corner = points.astype(np.int64)
    fraction = points - corner
    image = np.zeros(n * n)
    for dy in (0, 1):
        for dx in (0, 1):
            share = np.abs(1 - dy - fraction[:, 0]) * np.abs(1 - dx - fraction[:, 1])
            image += np.bincount((corner[:, 0] + dy) * n + corner[:, 1] + dx, weights * share, n * n)
    return image.reshape(n, n)


def thickness(rng: np.random.Generator, n: int) -> np.ndarray:
    """Thickness relative to its mean: a wedge, slow undulations, or flat."""
    thickness = np.ones((n, n), np.float32)
    if chance(rng, 0.5):
        thickness += rng.uniform(0, 0.8) * ramp(rng, n)
    if chance(rng, 0.5):
        thickness += rng.uniform(0.02, 0.3) * texture(rng, n, log_uniform(rng, 20, 150))
    return thickness.clip(0.05)
