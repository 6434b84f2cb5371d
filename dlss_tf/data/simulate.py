"""Simulated STEM crops: training data for when the STEM Crops dataset is not at hand.

A crop is made in the order of the experiment: a specimen (object function: what one electron scatters at each probe
position), its imaging (probe blur, then scan distortion) and its detection (contrast, dose, detector). All lengths
are in pixels of the crop. Nothing here imports TensorFlow, so worker processes start fast and stay small.
"""

from __future__ import annotations

import contextlib
import functools
import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import MappingProxyType

import numpy as np
import tifffile

from ..errors import InputError
from ..progress import Progress

VERSION = 1  # of the simulator: raise it with every change that alters a crop, so that no dataset mixes two versions
SPLITS = ("train", "val", "test")  # the position is part of the seed of every crop: append only
RECORD = "simulation.json"
SMALLEST, MOST = 64, 100_000  # smallest size in pixels; most files of a split that five digits can number
MARGIN = 32  # pixels simulated around the crop: hides the wrap-around of Fourier filters, gives scan distortion room

Specimen = tuple[np.ndarray, float]  # object function, and the standard deviation of its finest features in pixels


# ---------------------------------------------------------------- random numbers, Fourier filters, drawing


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _chance(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


@functools.lru_cache(maxsize=4)
def _frequencies(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column frequencies of rfft2 in cycles per pixel, shaped to broadcast."""
    return np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :]


@functools.lru_cache(maxsize=4)
def _pixels(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column positions in pixels, shaped to broadcast."""
    position = np.arange(n, dtype=np.float32)
    return position[:, None], position[None, :]


def _squared_frequency(n: int, stretch: float = 1.0, angle: float = 0.0) -> np.ndarray:
    """|f|^2, with the frequencies along ``angle`` multiplied by ``stretch``: features become that much longer there."""
    fy, fx = _frequencies(n)
    along = fx * np.cos(angle) + fy * np.sin(angle)
    return fx**2 + fy**2 + (stretch**2 - 1) * along**2


def _convolve(image: np.ndarray, transfer: np.ndarray) -> np.ndarray:
    return np.fft.irfft2(np.fft.rfft2(image) * transfer, s=image.shape).astype(np.float32)


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Periodic Gaussian blur with a standard deviation of ``sigma`` pixels."""
    fy, fx = _frequencies(len(image))
    scale = -2 * (np.pi * sigma) ** 2
    return _convolve(image, np.exp(scale * fy**2) * np.exp(scale * fx**2))


def _texture(
    rng: np.random.Generator, n: int, length: float, slope: float = 3.0, stretch: float = 1.0, angle: float = 0.0
) -> np.ndarray:
    """A random field of mean 0 and variance 1.

    ``length`` is its correlation length; its amplitude falls as frequency**-``slope`` beyond 1/``length``, so a small
    slope makes it rough. ``stretch`` and ``angle`` elongate it.
    """
    transfer = (1 + (2 * np.pi * length) ** 2 * _squared_frequency(n, stretch, angle)) ** (-slope / 2)
    noise = rng.standard_normal((2,) + transfer.shape, dtype=np.float32)
    spectrum = (noise[0] + 1j * noise[1]) * transfer
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=(n, n)).astype(np.float32)
    return field / field.std()


def _step(distance: np.ndarray, width: float) -> np.ndarray:
    """0 to 1 over about ``width`` pixels around distance 0."""
    return 0.5 + 0.5 * np.tanh(distance * (2 / width))


def _ramp(rng: np.random.Generator, n: int) -> np.ndarray:
    """A plane between about -1 and 1 that rises in a random direction."""
    y, x = _pixels(n)
    angle = rng.uniform(0, 2 * np.pi)
    return ((x - n / 2) * np.cos(angle) + (y - n / 2) * np.sin(angle)) * np.float32(2 / n)


def _window(n: int, centre: np.ndarray, reach: float) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray] | None:
    """The part of the image within ``reach`` of ``centre`` and positions in it from the centre, None if outside."""
    low = np.maximum(np.floor(centre - reach), 0).astype(int)
    high = np.minimum(np.ceil(centre + reach) + 1, n).astype(int)
    if (low >= high).any():
        return None
    part = slice(low[0], high[0]), slice(low[1], high[1])
    y = np.arange(low[0], high[0], dtype=np.float32)[:, None] - np.float32(centre[0])
    x = np.arange(low[1], high[1], dtype=np.float32)[None, :] - np.float32(centre[1])
    return part, y, x


def _splat(points: np.ndarray, weights: np.ndarray, n: int) -> np.ndarray:
    """An n x n image of point ``weights`` at ``points`` (row, column), each shared by its four nearest pixels."""
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


# ---------------------------------------------------------------- crystals

Cell = tuple[np.ndarray, np.ndarray, np.ndarray]  # lattice vectors (rows), fractional sites, scattering of the sites


def _scattering(rng: np.random.Generator, sites: int) -> np.ndarray:
    """High-angle scattering of random elements: about Z**1.7 relative to the heaviest, the first site."""
    atomic_number = np.exp(rng.uniform(np.log(6), np.log(82), sites))
    return np.sort((atomic_number / atomic_number.max()) ** 1.7)[::-1]


def _cell(rng: np.random.Generator) -> Cell:
    """A projected unit cell of which the shortest distance between strong columns is about 1."""
    kind = rng.choice(
        ["square", "rectangular", "oblique", "centred", "hexagonal", "honeycomb", "dichalcogenide", "perovskite"]
        + ["dumbbell", "layered", "random", "fringes"]
    )
    one = np.zeros((1, 2)), np.ones(1)
    hexagonal = np.array([[1, 0], [0.5, np.sqrt(3) / 2]])
    if kind == "square":
        return np.eye(2), *one
    if kind == "rectangular":
        return np.diag([1, rng.uniform(1.05, 2)]), *one
    if kind == "oblique":
        return np.array([[1, 0], [rng.uniform(-0.5, 0.5), rng.uniform(0.9, 1.4)]]), *one
    if kind == "centred":
        sites = np.array([[0, 0], [0.5, 0.5]])
        return np.diag([1.2, rng.uniform(1.2, 2)]), sites, np.array([1, rng.uniform(0.3, 1)])
    if kind == "hexagonal":
        return hexagonal, *one
    if kind == "honeycomb":
        return hexagonal * np.sqrt(3), np.array([[0, 0], [1 / 3, 1 / 3]]), np.ones(2)
    if kind == "dichalcogenide":
        return hexagonal * np.sqrt(3), np.array([[0, 0], [1 / 3, 1 / 3]]), _scattering(rng, 2)
    if kind == "perovskite":
        sites = np.array([[0, 0], [0.5, 0.5], [0.5, 0], [0, 0.5]])
        oxygen = rng.uniform(0, 0.15)
        return np.eye(2) * 1.41, sites, np.array([1, rng.uniform(0.2, 0.9), oxygen, oxygen])
    if kind == "dumbbell":  # the <110> projection of diamond and zinc blende
        sites = np.array([[0, 0], [0, 0.25], [0.5, 0.5], [0.5, 0.75]])
        second = rng.choice([1.0, rng.uniform(0.2, 1)])
        return np.diag([1.6, 2.3]), sites, np.array([1, second, 1, second])
    if kind == "layered":
        count = int(rng.integers(3, 7))
        sites = np.stack([rng.choice([0, 0.5], count), (np.arange(count) + rng.uniform(-0.2, 0.2, count)) / count], 1)
        return np.diag([1, 0.8 * count]), sites, rng.permutation(_scattering(rng, count))
    if kind == "random":
        count = int(rng.integers(2, 6))
        return np.diag(rng.uniform(1.2, 2.5, 2)), rng.random((count, 2)), _scattering(rng, count)
    # fringes: a grain far from a zone axis shows one set of planes, here columns too close to be told apart
    return np.diag([0.125, 1]), np.zeros((1, 2)), np.array([0.125])


def _columns(rng: np.random.Generator, n: int, cell: Cell, spacing: float, angle: float) -> tuple[np.ndarray, ...]:
    """Positions (row, column) and scattering of the atomic columns of a crystal that covers n x n pixels."""
    vectors, sites, scattering = cell
    cosine, sine = np.cos(angle), np.sin(angle)
    vectors = spacing * vectors @ np.array([[cosine, sine], [-sine, cosine]])
    corners = np.array([[0, 0], [0, n], [n, 0], [n, n]]) - n / 2
    reach = np.ceil(np.abs(corners @ np.linalg.inv(vectors)).max(axis=0)).astype(int) + 1
    index = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1).reshape(-1, 1, 2)
    points = (index + sites + rng.random(2)) @ vectors + n / 2
    weights = np.broadcast_to(scattering, points.shape[:2])
    points, weights = points.reshape(-1, 2), weights.reshape(-1)
    inside = ((points > -spacing) & (points < n + spacing)).all(axis=1)
    return points[inside], weights[inside]


def _point_defects(rng: np.random.Generator, points: np.ndarray, weights: np.ndarray, spacing: float) -> tuple:
    """Static disorder, vacancies and substituted columns, each in some crystals only."""
    points = points + rng.normal(0, spacing * rng.choice([0, 0.01, 0.03, 0.06]), points.shape)
    weights = weights * rng.normal(1, rng.choice([0.02, 0.1]), len(weights)).clip(0.2, 2)
    if _chance(rng, 0.4):
        replaced = rng.random(len(weights)) < _log_uniform(rng, 0.002, 0.2)
        weights = np.where(replaced, weights * rng.choice([0, 0.4, 1.6, 2.5]), weights)
    return points, weights


def _line_defect(rng: np.random.Generator, points: np.ndarray, n: int, spacing: float) -> np.ndarray:
    """Positions displaced by an edge dislocation, a stacking fault, bending or nothing."""
    kind = rng.choice(["none", "dislocation", "fault", "bending"], p=[0.5, 0.2, 0.15, 0.15])
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.sin(angle), np.cos(angle)])
    normal = np.array([direction[1], -direction[0]])
    along, across = np.stack([direction, normal]) @ (points - rng.uniform(0.25, 0.75, 2) * n).T
    if kind == "dislocation":
        # isotropic elasticity with Poisson ratio 0.3; the core is softened where elasticity fails
        squared = along**2 + across**2 + spacing**2
        slip = np.arctan2(across, along) + along * across / (1.4 * squared)
        return points + direction * (spacing / (2 * np.pi) * slip)[:, None]
    if kind == "fault":
        return points + direction * (spacing * rng.uniform(0.2, 0.8) * (across > 0))[:, None]
    if kind == "bending":
        return points + direction * (rng.uniform(-0.06, 0.06) * across**2 / n)[:, None]
    return points


def _thickness(rng: np.random.Generator, n: int) -> np.ndarray:
    """Thickness relative to its mean: a wedge, slow undulations, or flat."""
    thickness = np.ones((n, n), np.float32)
    if _chance(rng, 0.5):
        thickness += rng.uniform(0, 0.8) * _ramp(rng, n)
    if _chance(rng, 0.5):
        thickness += rng.uniform(0.02, 0.3) * _texture(rng, n, _log_uniform(rng, 20, 150))
    return thickness.clip(0.05)


def _column_image(
    rng: np.random.Generator, points: np.ndarray, weights: np.ndarray, n: int, spacing: float
) -> Specimen:
    """Gaussian columns on the diffuse scattering between them, modulated by the thickness."""
    width = max(spacing * rng.uniform(0.1, 0.27), 0.8)
    image = _blur(_splat(points, weights, n), width)
    image *= np.float32(1 / max(np.percentile(image, 99), 1e-9))
    image += np.float32(rng.choice([0.02, 0.2, 0.6, 1.5]) * rng.uniform(0.5, 1.5))
    return image * _thickness(rng, n), width


def _spacing(rng: np.random.Generator) -> float:
    """Distance of neighbouring columns: most micrographs of lattices are taken with 8 to 40 pixels between columns."""
    return _log_uniform(rng, 7, 50)


def _crystal(rng: np.random.Generator, n: int) -> Specimen:
    """One crystal on a zone axis, perhaps with defects."""
    spacing = _spacing(rng)
    points, weights = _columns(rng, n, _cell(rng), spacing, rng.uniform(0, 2 * np.pi))
    points = _line_defect(rng, points, n, spacing)
    return _column_image(rng, *_point_defects(rng, points, weights, spacing), n, spacing)


def _region_distances(
    rng: np.random.Generator, n: int, count: int, layered: bool
) -> Callable[[np.ndarray], np.ndarray]:
    """Distances of points from the seeds of ``count`` regions, which are layers or Voronoi cells with wavy borders."""
    seeds = rng.uniform(0, n, (count, 2))
    angle = rng.uniform(0, np.pi)
    normal = np.array([np.sin(angle), np.cos(angle)])
    length = _log_uniform(rng, 10, 100)
    wave = (rng.choice([0, 0.05, 0.2]) * length * _texture(rng, n, length)).astype(np.float64)

    def distances(points: np.ndarray) -> np.ndarray:
        row, column = points.astype(np.int64).clip(0, n - 1).T
        moved = points + wave[row, column][:, None] * np.array([1, -1])
        if layered:
            return np.abs((moved[None] - seeds[:, None]) @ normal)
        return np.hypot(*np.moveaxis(moved[None] - seeds[:, None], -1, 0))

    return distances


def _grains(rng: np.random.Generator, n: int, layered: bool) -> Specimen:
    """Several crystals that meet at boundaries: a polycrystal of one phase, or layers of different phases."""
    count = int(rng.integers(2, 6 if layered else 11))
    distances = _region_distances(rng, n, count, layered)
    spacing, cell, angle = _spacing(rng), _cell(rng), rng.uniform(0, 2 * np.pi)
    gap = spacing * rng.uniform(0, 0.5)
    points, weights = [], []
    for grain in range(count):
        if layered or _chance(rng, 0.3):
            cell = _cell(rng)
        if not layered or _chance(rng, 0.3):
            angle = rng.uniform(0, 2 * np.pi)
        there, scattering = _columns(rng, n, cell, spacing, angle)
        distance = distances(there)
        own = distance[grain].copy()
        distance[grain] = np.inf
        kept = own + gap < distance.min(axis=0)
        points.append(there[kept])
        density = cell[2].sum() / abs(np.linalg.det(cell[0]))  # grains of one thickness scatter alike per area
        weights.append(scattering[kept] / density * rng.uniform(0.4, 1))
    return _column_image(
        rng, *_point_defects(rng, np.concatenate(points), np.concatenate(weights), spacing), n, spacing
    )


def _polycrystal(rng: np.random.Generator, n: int) -> Specimen:
    return _grains(rng, n, layered=False)


def _layers(rng: np.random.Generator, n: int) -> Specimen:
    return _grains(rng, n, layered=True)


def _monolayer(rng: np.random.Generator, n: int) -> Specimen:
    """Graphene or a dichalcogenide with dopant atoms, holes and patches of contamination."""
    spacing = _log_uniform(rng, 7, 40)
    vectors = np.array([[1, 0], [0.5, np.sqrt(3) / 2]]) * np.sqrt(3)
    cell = vectors, np.array([[0, 0], [1 / 3, 1 / 3]]), np.array([1, rng.choice([1, rng.uniform(0.1, 1)])])
    points, weights = _columns(rng, n, cell, spacing, rng.uniform(0, 2 * np.pi))
    points = points + rng.normal(0, 0.02 * spacing, points.shape)
    dopant = rng.random(len(weights)) < _log_uniform(rng, 1e-4, 0.02)
    weights = np.where(dopant, rng.uniform(2, 6), weights)
    width = max(spacing * rng.uniform(0.2, 0.4), 0.8)
    image = _blur(_splat(points, weights, n), width)
    image *= np.float32(1 / max(np.percentile(image, 95), 1e-9))
    if _chance(rng, 0.3):
        image *= _step(_texture(rng, n, n / 12) * 40 + rng.uniform(30, 80), 3)
    if _chance(rng, 0.5):
        patches = _texture(rng, n, n / rng.uniform(8, 30)) + rng.uniform(-1.5, 0.5)
        image += rng.uniform(0.2, 2) * patches.clip(0) * (1 + 0.15 * _texture(rng, n, rng.uniform(1, 4)))
    return image + np.float32(rng.uniform(0, 0.5)), width


# ---------------------------------------------------------------- films, supports and particles


def _film(rng: np.random.Generator, n: int, longest: float = 30) -> Specimen:
    """An amorphous film: grain of at most ``longest`` pixels on slow changes of thickness, perhaps elongated."""
    length = _log_uniform(rng, 2, longest)
    stretch = rng.choice([1, 1, _log_uniform(rng, 1.5, 12)])
    grain = _texture(rng, n, length, rng.uniform(1.5, 4), stretch, rng.uniform(0, np.pi))
    image = 1 + _log_uniform(rng, 0.02, 0.5) * grain
    return image.clip(0.02) * _thickness(rng, n), max(length, 0.7)


def _support(rng: np.random.Generator, n: int) -> np.ndarray:
    """A carbon or oxide support: thickness texture on several scales, 0 where there is none."""
    image = np.zeros((n, n), np.float32)
    length = _log_uniform(rng, 8, 60)
    for _ in range(int(rng.integers(1, 4))):
        image += _texture(rng, n, length, rng.uniform(2, 4)) * np.float32(length**0.5)
        length /= rng.uniform(2, 5)
        if length < 1:
            break
    image /= image.std()
    return (rng.uniform(0.5, 4) + image).clip(0)


def _particle(rng: np.random.Generator, image: np.ndarray, centre: np.ndarray, radius: float, strength: float) -> None:
    """Add one particle: the projected thickness of a rounded or faceted solid, perhaps with lattice fringes."""
    window = _window(len(image), centre, 1.5 * radius + 1)
    if window is None:
        return
    part, y, x = window
    facets = int(rng.integers(4, 9))
    angles = rng.uniform(0, 2 * np.pi) + (np.arange(facets) + rng.uniform(-0.2, 0.2, facets)) * 2 * np.pi / facets
    offsets = radius * rng.uniform(0.75, 1.05, facets)
    stretch, turn = rng.uniform(0.7, 1), rng.uniform(0, np.pi)
    u, v = x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) / stretch
    level = np.hypot(u, v) / radius  # 0 in the middle, 1 on the outline
    if radius > 4 and _chance(rng, 0.6):
        flat = functools.reduce(
            np.maximum, [(x * np.cos(a) + y * np.sin(a)) / o for a, o in zip(angles, offsets, strict=True)]
        )
        level = np.maximum(flat, level * rng.uniform(0.7, 1))
    body = np.sqrt((1 - level**2).clip(0)) if _chance(rng, 0.7) else ((1 - level) * rng.uniform(1.5, 6)).clip(0, 1)
    if radius > 10 and _chance(rng, 0.15):  # core and shell of different elements, or hollow
        body -= rng.uniform(0.3, 0.9) * np.sqrt((rng.uniform(0.4, 0.8) ** 2 - level**2).clip(0))
    if radius > 10 and _chance(rng, 0.3):
        first, step = rng.uniform(0, np.pi), rng.uniform(5, 14)
        for a in [first, first + rng.uniform(1, 1.6)][: rng.integers(1, 3)]:
            wave = np.cos(2 * np.pi / step * (x * np.cos(a) + y * np.sin(a)))
            body *= 1 + rng.uniform(0.05, 0.5) * wave
    image[part] += np.float32(strength * rng.uniform(0.5, 1)) * body.astype(np.float32).clip(0)


def _positions(rng: np.random.Generator, n: int, count: int) -> np.ndarray:
    """Random positions, in clusters or even."""
    if count > 5 and _chance(rng, 0.4):
        centres = rng.uniform(0, n, (int(rng.integers(1, 6)), 2))
        return centres[rng.integers(0, len(centres), count)] + rng.normal(0, n * rng.uniform(0.04, 0.2), (count, 2))
    return rng.uniform(0, n, (count, 2))


def _add_particles(rng: np.random.Generator, image: np.ndarray, radius: float, strength: float) -> None:
    """Particles of about ``radius``, ``strength`` times brighter than the mean of the image below."""
    n = len(image)
    count = int(rng.integers(1, int(min(120, 6 + 0.25 * (n / radius) ** 2))))
    radii = radius * np.exp(rng.normal(0, rng.uniform(0.05, 0.5), count))
    mean = float(image.mean()) or 1.0
    for centre, one in zip(_positions(rng, n, count), radii, strict=True):
        _particle(rng, image, centre, min(one, n / 3), strength * mean * (one / radius))


def _particles(rng: np.random.Generator, n: int) -> Specimen:
    """Metal nanoparticles on a support."""
    image = _support(rng, n) if _chance(rng, 0.8) else np.full((n, n), 0.1, np.float32)
    radius = _log_uniform(rng, 2.5, 70)
    _add_particles(rng, image, radius, _log_uniform(rng, 0.5, 10))
    return image, 1.0 + 0.03 * radius


def _aggregate(rng: np.random.Generator, n: int) -> Specimen:
    """Overlapping spheres or ellipsoids of oxide or carbon black against vacuum, perhaps with particles on them."""
    image = np.zeros((n, n), np.float32)
    radius = _log_uniform(rng, 12, 200)
    count = int((n / radius) ** 2 * rng.uniform(0.15, 1.5)) + 2
    centre = rng.uniform(0, n, 2)
    power = rng.uniform(0.35, 0.6)
    for _ in range(min(count, 300)):
        one = radius * rng.uniform(0.6, 1.3)
        window = _window(n, centre, one)
        if window is not None:
            part, y, x = window
            image[part] += (1 - (x**2 + y**2) / one**2).clip(0) ** np.float32(power) * np.float32(one / radius)
        # a random walk keeps the spheres in touch, a new start now and then begins another branch
        angle = rng.uniform(0, 2 * np.pi)
        centre = centre + 1.4 * one * np.array([np.sin(angle), np.cos(angle)])
        if ((centre < 0) | (centre > n)).any() or _chance(rng, 0.1):
            centre = rng.uniform(0, n, 2)
    image *= (1 + rng.uniform(0.01, 0.15) * _texture(rng, n, _log_uniform(rng, 2, 25), 2)).clip(0.1)
    if _chance(rng, 0.6):
        _add_particles(rng, image, _log_uniform(rng, 2.5, 30), _log_uniform(rng, 0.3, 4))
    return image + np.float32(0.02), _log_uniform(rng, 0.7, 5)


def _fibres(rng: np.random.Generator, n: int) -> Specimen:
    """Rods, tubes and ribbons, straight or bent, on vacuum or a film."""
    image = _support(rng, n) * rng.uniform(0, 0.3) if _chance(rng, 0.5) else np.zeros((n, n), np.float32)
    y, x = _pixels(n)
    width = _log_uniform(rng, 4, 60)
    hollow = _chance(rng, 0.3)
    for _ in range(int(rng.integers(1, 9))):
        half = width * rng.uniform(0.6, 1.4)
        turn, (cy, cx) = rng.uniform(0, np.pi), rng.uniform(0.15 * n, 0.85 * n, 2)
        cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        along, across = (x - cx) * cosine + (y - cy) * sine, (y - cy) * cosine - (x - cx) * sine
        across += np.float32(rng.uniform(-0.5, 0.5) / n) * along**2
        level = (across / np.float32(half)) ** 2
        body = np.sqrt((1 - level).clip(0))
        if hollow:
            body -= rng.uniform(0.6, 1) * np.sqrt((rng.uniform(0.2, 0.7) - level).clip(0))
        if _chance(rng, 0.6):
            body *= _step(rng.uniform(1, 10) * half - np.abs(along), 2)
        image += body.astype(np.float32) * np.float32(rng.uniform(0.4, 1))
    if _chance(rng, 0.3):
        _add_particles(rng, image, _log_uniform(rng, 2.5, 25), _log_uniform(rng, 0.5, 8))
    return image + np.float32(0.03), _log_uniform(rng, 0.7, 4)


def _foil(rng: np.random.Generator, n: int) -> Specimen:
    """A foil at low magnification: steps of thickness or phase, precipitates, dislocation lines, bend contours."""
    image = np.full((n, n), rng.uniform(0.1, 1), np.float32)
    for _ in range(int(rng.integers(1, 6))):
        edge = (_ramp(rng, n) + rng.uniform(-0.6, 0.6)) * (n / 2)
        if _chance(rng, 0.4):
            edge = edge + rng.uniform(1, 12) * _texture(rng, n, _log_uniform(rng, 5, 60))
        image += rng.uniform(0.1, 1) * _step(edge, _log_uniform(rng, 1, 40))
    for _ in range(int(rng.integers(0, 5))):  # lines: wavy level sets
        line = (_ramp(rng, n) + rng.uniform(-0.8, 0.8)) * (n / 2) + rng.uniform(0, 30) * _texture(rng, n, n / 12)
        image *= 1 + rng.uniform(-0.5, 0.8) * np.exp(-((line / _log_uniform(rng, 1.5, 25)) ** 2))
    if _chance(rng, 0.5):
        _add_particles(rng, image, _log_uniform(rng, 3, 50), rng.choice([-0.5, 0.5, 1.5]) * rng.uniform(0.3, 1))
    return image.clip(0) * _thickness(rng, n), _log_uniform(rng, 0.7, 4)


def _porous(rng: np.random.Generator, n: int) -> Specimen:
    """A sponge or a lacey film: ligaments between holes, on one or two scales."""
    length = _log_uniform(rng, 4, 60)
    image = np.full((n, n), rng.uniform(0, 0.2), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        field = _texture(rng, n, length, rng.uniform(3, 6)) * np.float32(length * 2)
        image += rng.uniform(0.3, 1) * _step(field + rng.uniform(-1, 1.5) * length, rng.uniform(0.3, 3) * length)
        length = max(length * rng.uniform(0.2, 0.5), 2.5)
    return image * _thickness(rng, n), _log_uniform(rng, 0.7, 4)


def _single_atoms(rng: np.random.Generator, n: int) -> Specimen:
    """Single heavy atoms, alone or in small groups, on thin carbon."""
    width = _log_uniform(rng, 1.2, 5)
    groups = int(rng.integers(4, max(6, int(0.0006 * n * n))))
    members = rng.integers(1, rng.choice([2, 4, 12]), groups, endpoint=True)
    centres = np.repeat(_positions(rng, n, groups), members, axis=0)
    points = centres + rng.normal(0, width * rng.uniform(1.5, 4), centres.shape)
    weights = rng.choice([1, 1, 1, 1.8], len(points)) * rng.normal(1, 0.15, len(points)).clip(0.3)
    atoms = _blur(_splat(points, weights, n), width) * np.float32(2 * np.pi * width**2)
    film, grain = _film(rng, n, longest=8)
    return film + (0.05 + _log_uniform(rng, 1.5, 12) * film.std()) * atoms, min(width, grain)


SPECIMENS: Mapping[str, tuple[Callable[[np.random.Generator, int], Specimen], float]] = MappingProxyType(
    {  # name: function and relative frequency
        "crystal": (_crystal, 0.17),
        "polycrystal": (_polycrystal, 0.1),
        "layers": (_layers, 0.07),
        "monolayer": (_monolayer, 0.06),
        "film": (_film, 0.08),
        "particles": (_particles, 0.15),
        "aggregate": (_aggregate, 0.1),
        "fibres": (_fibres, 0.05),
        "foil": (_foil, 0.08),
        "porous": (_porous, 0.05),
        "single_atoms": (_single_atoms, 0.09),
    }
)


def _vacuum_edge(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The specimen cut by vacuum along a rough edge, perhaps with an amorphous rim as milling leaves it."""
    n = len(image)
    edge = (_ramp(rng, n) + rng.uniform(-0.5, 0.8)) * (n / 2)
    edge = edge + rng.uniform(0, 15) * _texture(rng, n, _log_uniform(rng, 5, 80), rng.uniform(2, 4))
    inside = _step(edge, _log_uniform(rng, 2, 60))
    rim = 0.0
    if _chance(rng, 0.5):
        rim = (_step(edge + rng.uniform(5, 60), 6) - inside).clip(0) * rng.uniform(0.1, 0.5) * image.mean()
    return (image * inside + rim).astype(np.float32)


def _specimen(rng: np.random.Generator, n: int, kind: str) -> Specimen:
    """The object function of a specimen of this kind, 0 or more, scaled so that its brightest parts are about 1."""
    image, feature = SPECIMENS[kind][0](rng, n)
    if kind not in ("aggregate", "fibres") and _chance(rng, 0.15):
        image = _vacuum_edge(rng, image)
    if _chance(rng, 0.3):
        image = image * np.exp(rng.uniform(0.1, 0.8) * _ramp(rng, n))
    image = image.clip(0)
    return (image / max(float(np.percentile(image, 99.7)), 1e-6)).astype(np.float32), feature


# ---------------------------------------------------------------- imaging


def _probe_transfer(rng: np.random.Generator, n: int, feature: float) -> np.ndarray:
    """Transfer function of the probe: a slightly astigmatic Gaussian core with Lorentzian tails.

    Its width goes with the finest ``feature``: microscopists choose the pixel size to match what they resolve.
    """
    sigma = max(feature * rng.uniform(0.2, 0.9), rng.uniform(0.4, 1.2))
    squared = _squared_frequency(n, rng.choice([1, 1, rng.uniform(1, 1.8)]), rng.uniform(0, np.pi))
    core = np.exp(-2 * (np.pi * sigma) ** 2 * squared)
    tails = np.exp(-2 * np.pi * sigma * rng.uniform(2, 6) * np.sqrt(squared))
    share = rng.choice([0, rng.uniform(0, 0.4)])
    return (1 - share) * core + share * tails


def _random_walk(rng: np.random.Generator, n: int, spread: float) -> np.ndarray:
    walk = np.cumsum(rng.normal(0, 1, n))
    walk -= np.linspace(walk[0], walk[-1], n)
    return spread * walk / max(float(np.abs(walk).max()), 1e-9)


def _scan_shifts(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Displacements in pixels: slow axis per row, fast axis per row, fast axis per column.

    Drift shears and stretches the image, stray fields and vibration move whole rows, and the beam lags after flyback.
    """
    row = np.arange(size)
    centred = row / size - 0.5
    slow = rng.normal(0, 4) * centred + _random_walk(rng, size, rng.uniform(0, 2))
    fast = rng.normal(0, 6) * centred + _random_walk(rng, size, rng.uniform(0, 2))
    if _chance(rng, 0.6):
        fast = fast + rng.normal(0, _log_uniform(rng, 0.05, 1.0), size)
        slow = slow + rng.normal(0, _log_uniform(rng, 0.03, 0.4), size)
    if _chance(rng, 0.3):  # mains hum, aliased by the row frequency
        fast = fast + _log_uniform(rng, 0.1, 1.5) * np.sin(2 * np.pi * rng.uniform(0.01, 0.5) * row + rng.uniform(0, 6))
    column = np.zeros(size)
    if _chance(rng, 0.15):
        column = rng.uniform(3, 25) * np.exp(-np.arange(size) / rng.uniform(4, 40))
    return slow, fast, column


def _scan(rng: np.random.Generator, image: np.ndarray, size: int) -> np.ndarray:
    """``size`` rows and columns of the image as a distorted scan visits them, interpolated linearly."""
    last = len(image) - 1.001
    slow, fast, column = _scan_shifts(rng, size)
    y = (np.arange(size) + MARGIN + slow).clip(0, last)
    low = y.astype(np.int64)
    part = (y - low).astype(np.float32)[:, None]
    rows = image[low] * (1 - part) + image[low + 1] * part
    x = (np.arange(size) + MARGIN + column + fast[:, None]).clip(0, last).astype(np.float32)
    low = x.astype(np.int64)
    part = x - low
    low += np.arange(size)[:, None] * len(image)
    flat = rows.reshape(-1)
    return flat[low] * (1 - part) + flat[low + 1] * part


# ---------------------------------------------------------------- detection


def _contrast(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The share of the beam that the detector collects: dark field, or bright field where what scatters is dark."""
    if _chance(rng, 0.2):
        return np.exp(-rng.uniform(0.3, 2) * image)
    return image + np.float32(rng.choice([0, 0.02, 0.1, rng.uniform(0.1, 1)]))


def _detect(rng: np.random.Generator, image: np.ndarray, dose: float) -> np.ndarray:
    """Detector signal for ``dose`` electrons detected per pixel where the image is 1."""
    size = len(image)
    flicker = rng.normal(1, rng.choice([0, 0, _log_uniform(rng, 0.003, 0.05)]), (size, 1)).clip(0.5)  # of the emission
    signal = rng.poisson((dose * image * flicker).clip(0)).astype(np.float32)
    if _chance(rng, 0.3):  # the scintillator's afterglow smears fast scans along the row, noise included
        decay = rng.uniform(0.1, 0.6)
        kernel = decay ** np.arange(6)
        padded = np.pad(signal, ((0, 0), (5, 0)), mode="edge")
        signal = sum(k * padded[:, 5 - j : 5 - j + size] for j, k in enumerate(kernel / kernel.sum()))
    if _chance(rng, 0.15):  # files that were resampled or smoothed before anyone shared them
        signal = _blur(np.pad(signal, 8, mode="reflect"), rng.uniform(0.4, 1.0))[8:-8, 8:-8]
    readout = rng.choice([0, _log_uniform(rng, 0.05, 1.5)])  # in units of a typical shot noise
    signal = signal + np.float32(readout * np.sqrt(0.2 * dose)) * rng.standard_normal(signal.shape, dtype=np.float32)
    if _chance(rng, 0.15):
        signal = signal.clip(*np.percentile(signal, [rng.uniform(0, 2), rng.uniform(97, 100)]))
    if _chance(rng, 0.3):
        levels = rng.uniform(60, 255)  # 8 bit files, often without the full range
        low, span = float(signal.min()), max(float(np.ptp(signal)), 1e-6)
        signal = np.round((signal - low) * (levels / span)) * (span / levels) + low
    return (signal * _log_uniform(rng, 0.01, 100) + rng.uniform(-50, 500)).astype(np.float32)


def _dose(rng: np.random.Generator) -> float:
    """Electrons detected per pixel in bright parts: from barely enough to see anything to nearly noise-free."""
    return _log_uniform(rng, 4, 4000)


def _least_dose(rng: np.random.Generator, image: np.ndarray) -> float:
    """The dose below which nobody would have kept the micrograph: structure is too weak against the shot noise."""
    signal_to_noise = _log_uniform(rng, 0.1, 1)  # variance of the structure over variance of the noise
    return float(min(signal_to_noise * image.mean() / max(image.var(), 1e-9), 1e5))


def _crop(rng: np.random.Generator, size: int, kind: str, dose: float) -> np.ndarray:
    n = size + 2 * MARGIN
    image, feature = _specimen(rng, n, kind)
    image = _convolve(image, _probe_transfer(rng, n, feature)).clip(0)
    image = _contrast(rng, _scan(rng, image, size))
    return _detect(rng, image, max(dose, _least_dose(rng, image)))


def simulate_crop(rng: np.random.Generator, size: int = 512) -> np.ndarray:
    """One simulated crop, float32 [size, size], in detector counts of arbitrary gain and offset; all finite.

    The kind of specimen and everything else about it is drawn from ``rng``, whose state advances. Raises InputError
    if ``size`` is less than 64 pixels.
    """
    _check_size(size)
    share = np.array([frequency for _, frequency in SPECIMENS.values()])
    kind = str(rng.choice(list(SPECIMENS), p=share / share.sum()))
    return _crop(rng, size, kind, _dose(rng))


# ---------------------------------------------------------------- dataset


def _check_size(size: int) -> None:
    if size < SMALLEST:
        raise InputError(f"size of simulated crops: expected {SMALLEST} pixels or more, found {size}.")


def _check_counts(counts: Mapping[str, int]) -> None:
    for split, count in counts.items():
        if split not in SPLITS:
            raise InputError(f"counts: expected the splits {', '.join(SPLITS)}, found '{split}'.")
        if not 0 <= count <= MOST:
            raise InputError(f"counts: expected 0 to {MOST} crops for {split}, found {count}.")
    if sum(counts.values()) == 0:
        raise InputError("counts: expected at least one crop to simulate, found none.")


def _open_root(root: Path) -> None:
    """Make the folder if need be and be sure that it can be written to."""
    if root.exists() and not root.is_dir():
        raise InputError(f"{root}: expected a folder for the simulated dataset, found a file.")
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe = root / f".{os.getpid()}.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"{root}: expected a folder that can be written to, found: {error.strerror}.") from error


def _recorded_counts(root: Path, size: int, seed: int) -> dict[str, int]:
    """Counts of the dataset that is there already, after a check that it is the one asked for."""
    path = root / RECORD
    if not path.exists():
        if any(any((root / split).glob("*.tif")) for split in SPLITS):
            raise InputError(f"{root}: expected a new folder or a simulated dataset, found .tif files but no {RECORD}.")
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        counts = {split: int(record["counts"].get(split, 0)) for split in SPLITS}
        found = {key: record[key] for key in ("seed", "size", "version")}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected the record of a simulated dataset, found something else.") from error
    for key, expected in (("seed", seed), ("size", size), ("version", VERSION)):
        if found[key] != expected:
            raise InputError(f"{path}: expected {key} {expected}, found {found[key]}: choose another folder.")
    return counts


def _write_record(root: Path, counts: Mapping[str, int], size: int, seed: int) -> None:
    part = root / (RECORD + ".part")
    record = {"version": VERSION, "seed": seed, "size": size, "counts": dict(counts)}
    part.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    os.replace(part, root / RECORD)


Task = tuple[str, int, int, int, int]  # path, seed, number of the split, number of the crop, size


def _tasks(root: Path, counts: Mapping[str, int], size: int, seed: int) -> list[Task]:
    """What is missing, crop by crop."""
    tasks = []
    for number, split in enumerate(SPLITS):
        for index in range(counts.get(split, 0)):
            path = root / split / f"{index:05d}.tif"
            if not path.exists():
                tasks.append((str(path), seed, number, index, size))
    return tasks


def _part(path: str) -> Path:
    return Path(path).with_suffix(".part")


def _write_crop(task: Task) -> None:
    """Simulate and write one file; it has its final name only once it is whole."""
    path, seed, split, index, size = task
    image = simulate_crop(np.random.default_rng([seed, split, index]), size)
    # no metadata: tifffile's holds no date, but nothing of it is needed and its text may change with tifffile
    tifffile.imwrite(_part(path), image, metadata=None, software=False)
    os.replace(_part(path), path)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; the parent alone acts on it and ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(tasks: list[Task], processes: int) -> Generator[None, None, None]:
    """Yields after every file written."""
    if processes == 1:
        yield from map(_write_crop, tasks)
        return
    # spawn: a fork would copy whatever threads and devices the parent holds, TensorFlow's among them
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_ignore_interrupts)
    try:
        yield from pool.map(_write_crop, tasks)
    finally:
        pool.shutdown(cancel_futures=True)  # waits for the few crops that are being made


def simulate_dataset(
    root: str | os.PathLike[str],
    counts: Mapping[str, int],
    size: int = 512,
    seed: int = 0,
    processes: int | None = None,
) -> int:
    """Write a simulated dataset as ``root/{train,val,test}/NNNNN.tif`` and return how many files were written.

    Each file is one uncompressed float32 page of ``size`` x ``size`` pixels. File i of a split depends on ``seed``,
    the split, i and ``size`` only, whatever the number of ``processes`` (default: one per CPU). Files that are there
    already are kept, so an interrupted run goes on where it stopped and larger ``counts`` make the dataset grow;
    ``simulation.json`` in ``root`` records what it was made with. Progress is shown on stderr. With more than one
    process, a script must call this under ``if __name__ == "__main__":``, for its workers import the script.

    Raises InputError if an argument is out of range, if ``root`` is not a folder that can be written to, or if it
    holds a dataset of another seed, size or version of the simulator, or one that was not simulated.
    """
    _check_size(size)
    _check_counts(counts)
    if seed < 0:
        raise InputError(f"seed: expected 0 or more, found {seed}.")
    if processes is not None and processes < 1:
        raise InputError(f"processes: expected 1 or more, found {processes}.")
    folder = Path(root)
    _open_root(folder)
    before = _recorded_counts(folder, size, seed)
    after = {split: max(counts.get(split, 0), before.get(split, 0)) for split in SPLITS}
    for split in SPLITS:
        (folder / split).mkdir(exist_ok=True)
    if after != before:
        _write_record(folder, after, size, seed)  # first, so that an interrupted run can be continued
    tasks = _tasks(folder, counts, size, seed)
    total = sum(counts.values())
    kept = total - len(tasks)
    progress = Progress("simulated crops", total, start=kept)
    try:
        # closing: an interrupt between two results must end the workers before their part files are removed
        with contextlib.closing(_run(tasks, min(processes or os.cpu_count() or 1, max(len(tasks), 1)))) as results:
            for done, _ in enumerate(results, start=1):
                progress.update(kept + done)
    finally:
        for task in tasks:
            _part(task[0]).unlink(missing_ok=True)
    return len(tasks)
