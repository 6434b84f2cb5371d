"""Specimens without a lattice: films, particles, aggregates, fibres, foils, sponges, single atoms."""

from __future__ import annotations

import functools

import numpy as np

from . import fields
from .fields import Specimen


def film(rng: np.random.Generator, n: int, longest: float = 30) -> Specimen:
    """An amorphous film: grain of at most `longest` pixels on slow changes of thickness, perhaps elongated."""
    length = fields.log_uniform(rng, 2, longest)
    stretch = float(rng.choice([1, 1, fields.log_uniform(rng, 1.5, 12)]))
    grain = fields.texture(rng, n, length, rng.uniform(1.5, 4), stretch, rng.uniform(0, np.pi))
    image = 1 + fields.log_uniform(rng, 0.02, 0.5) * grain
    return image.clip(0.02) * fields.thickness(rng, n), max(length, 0.7)


def _support(rng: np.random.Generator, n: int) -> np.ndarray:
    """A carbon or oxide support: thickness texture on several scales, 0 where there is none."""
    image = np.zeros((n, n), np.float32)
    length = fields.log_uniform(rng, 8, 60)
    for _ in range(int(rng.integers(1, 4))):
        image += fields.texture(rng, n, length, rng.uniform(2, 4)) * np.float32(length**0.5)
        length /= rng.uniform(2, 5)
        if length < 1:
            break
    image /= image.std()
    return (rng.uniform(0.5, 4) + image).clip(0)


def _particle(rng: np.random.Generator, image: np.ndarray, centre: np.ndarray, radius: float, strength: float) -> None:
    """Add one particle: the projected thickness of a rounded or faceted solid, perhaps with lattice fringes."""
    window = fields.window(len(image), centre, 1.5 * radius + 1)
    if window is None:
        return
    part, y, x = window
    facets = int(rng.integers(4, 9))
    angles = rng.uniform(0, 2 * np.pi) + (np.arange(facets) + rng.uniform(-0.2, 0.2, facets)) * 2 * np.pi / facets
    offsets = radius * rng.uniform(0.75, 1.05, facets)
    stretch, turn = rng.uniform(0.7, 1), rng.uniform(0, np.pi)
    u, v = x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) / stretch
    level = np.hypot(u, v) / radius  # 0 in the middle, 1 on the outline
    if radius > 4 and fields.chance(rng, 0.6):
        flat = functools.reduce(
            np.maximum, [(x * np.cos(a) + y * np.sin(a)) / o for a, o in zip(angles, offsets, strict=True)]
        )
        level = np.maximum(flat, level * rng.uniform(0.7, 1))
    body = (
        np.sqrt((1 - level**2).clip(0)) if fields.chance(rng, 0.7) else ((1 - level) * rng.uniform(1.5, 6)).clip(0, 1)
    )
    if radius > 10 and fields.chance(rng, 0.15):  # core and shell of different elements, or hollow
        body -= rng.uniform(0.3, 0.9) * np.sqrt((rng.uniform(0.4, 0.8) ** 2 - level**2).clip(0))
    if radius > 10 and fields.chance(rng, 0.3):
        first, step = rng.uniform(0, np.pi), rng.uniform(5, 14)
        for a in [first, first + rng.uniform(1, 1.6)][: rng.integers(1, 3)]:
            wave = np.cos(2 * np.pi / step * (x * np.cos(a) + y * np.sin(a)))
            body *= 1 + rng.uniform(0.05, 0.5) * wave
    image[part] += np.float32(strength * rng.uniform(0.5, 1)) * body.astype(np.float32).clip(0)


def _positions(rng: np.random.Generator, n: int, count: int) -> np.ndarray:
    """Random positions, in clusters or even."""
    if count > 5 and fields.chance(rng, 0.4):
        centres = rng.uniform(0, n, (int(rng.integers(1, 6)), 2))
        return centres[rng.integers(0, len(centres), count)] + rng.normal(0, n * rng.uniform(0.04, 0.2), (count, 2))
    return rng.uniform(0, n, (count, 2))


def _add_particles(rng: np.random.Generator, image: np.ndarray, radius: float, strength: float) -> None:
    """Particles of about `radius`, `strength` times brighter than the mean of the image below."""
    n = len(image)
    count = int(rng.integers(1, int(min(120, 6 + 0.25 * (n / radius) ** 2))))
    radii = radius * np.exp(rng.normal(0, rng.uniform(0.05, 0.5), count))
    mean = float(image.mean()) or 1.0
    for centre, one in zip(_positions(rng, n, count), radii, strict=True):
        _particle(rng, image, centre, min(one, n / 3), strength * mean * (one / radius))


def particles(rng: np.random.Generator, n: int) -> Specimen:
    """Metal nanoparticles on a support."""
    image = _support(rng, n) if fields.chance(rng, 0.8) else np.full((n, n), 0.1, np.float32)
    radius = fields.log_uniform(rng, 2.5, 70)
    _add_particles(rng, image, radius, fields.log_uniform(rng, 0.5, 10))
    return image, 1.0 + 0.03 * radius


def aggregate(rng: np.random.Generator, n: int) -> Specimen:
    """Overlapping spheres or ellipsoids of oxide or carbon black against vacuum, perhaps with particles on them."""
    image = np.zeros((n, n), np.float32)
    radius = fields.log_uniform(rng, 12, 200)
    count = int((n / radius) ** 2 * rng.uniform(0.15, 1.5)) + 2
    centre = rng.uniform(0, n, 2)
    power = rng.uniform(0.35, 0.6)
    for _ in range(min(count, 300)):
        one = radius * rng.uniform(0.6, 1.3)
        window = fields.window(n, centre, one)
        if window is not None:
            part, y, x = window
            image[part] += (1 - (x**2 + y**2) / one**2).clip(0) ** np.float32(power) * np.float32(one / radius)
        # a random walk keeps the spheres in touch, a new start now and then begins another branch
        angle = rng.uniform(0, 2 * np.pi)
        centre = centre + 1.4 * one * np.array([np.sin(angle), np.cos(angle)])
        if ((centre < 0) | (centre > n)).any() or fields.chance(rng, 0.1):
            centre = rng.uniform(0, n, 2)
    image *= (1 + rng.uniform(0.01, 0.15) * fields.texture(rng, n, fields.log_uniform(rng, 2, 25), 2)).clip(0.1)
    if fields.chance(rng, 0.6):
        _add_particles(rng, image, fields.log_uniform(rng, 2.5, 30), fields.log_uniform(rng, 0.3, 4))
    return image + np.float32(0.02), fields.log_uniform(rng, 0.7, 5)


def fibres(rng: np.random.Generator, n: int) -> Specimen:
    """Rods, tubes and ribbons, straight or bent, on vacuum or a film."""
    image = _support(rng, n) * rng.uniform(0, 0.3) if fields.chance(rng, 0.5) else np.zeros((n, n), np.float32)
    y, x = fields.pixels(n)
    width = fields.log_uniform(rng, 4, 60)
    hollow = fields.chance(rng, 0.3)
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
        if fields.chance(rng, 0.6):
            body *= fields.step(rng.uniform(1, 10) * half - np.abs(along), 2)
        image += body.astype(np.float32) * np.float32(rng.uniform(0.4, 1))
    if fields.chance(rng, 0.3):
        _add_particles(rng, image, fields.log_uniform(rng, 2.5, 25), fields.log_uniform(rng, 0.5, 8))
    return image + np.float32(0.03), fields.log_uniform(rng, 0.7, 4)


def foil(rng: np.random.Generator, n: int) -> Specimen:
    """A foil at low magnification: steps of thickness or phase, precipitates, dislocation lines, bend contours."""
    image = np.full((n, n), rng.uniform(0.1, 1), np.float32)
    for _ in range(int(rng.integers(1, 6))):
        edge = (fields.ramp(rng, n) + rng.uniform(-0.6, 0.6)) * (n / 2)
        if fields.chance(rng, 0.4):
            edge = edge + rng.uniform(1, 12) * fields.texture(rng, n, fields.log_uniform(rng, 5, 60))
        image += rng.uniform(0.1, 1) * fields.step(edge, fields.log_uniform(rng, 1, 40))
    for _ in range(int(rng.integers(0, 5))):  # lines: wavy level sets
        line = (fields.ramp(rng, n) + rng.uniform(-0.8, 0.8)) * (n / 2) + rng.uniform(0, 30) * fields.texture(
            rng, n, n / 12
        )
        image *= 1 + rng.uniform(-0.5, 0.8) * np.exp(-((line / fields.log_uniform(rng, 1.5, 25)) ** 2))
    if fields.chance(rng, 0.5):
        _add_particles(rng, image, fields.log_uniform(rng, 3, 50), rng.choice([-0.5, 0.5, 1.5]) * rng.uniform(0.3, 1))
    return image.clip(0) * fields.thickness(rng, n), fields.log_uniform(rng, 0.7, 4)


def porous(rng: np.random.Generator, n: int) -> Specimen:
    """A sponge or a lacey film: ligaments between holes, on one or two scales."""
    length = fields.log_uniform(rng, 4, 60)
    image = np.full((n, n), rng.uniform(0, 0.2), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        field = fields.texture(rng, n, length, rng.uniform(3, 6)) * np.float32(length * 2)
        image += rng.uniform(0.3, 1) * fields.step(field + rng.uniform(-1, 1.5) * length, rng.uniform(0.3, 3) * length)
        length = max(length * rng.uniform(0.2, 0.5), 2.5)
    return image * fields.thickness(rng, n), fields.log_uniform(rng, 0.7, 4)


def single_atoms(rng: np.random.Generator, n: int) -> Specimen:
    """Single heavy atoms, alone or in small groups, on thin carbon."""
    width = fields.log_uniform(rng, 1.2, 5)
    groups = int(rng.integers(4, max(6, int(0.0006 * n * n))))
    members = rng.integers(1, rng.choice([2, 4, 12]), groups, endpoint=True)
    centres = np.repeat(_positions(rng, n, groups), members, axis=0)
    points = centres + rng.normal(0, width * rng.uniform(1.5, 4), centres.shape)
    weights = rng.choice([1, 1, 1, 1.8], len(points)) * rng.normal(1, 0.15, len(points)).clip(0.3)
    atoms = fields.blur(fields.splat(points, weights, n), width) * np.float32(2 * np.pi * width**2)
    base, grain = film(rng, n, longest=8)
    return base + (0.05 + fields.log_uniform(rng, 1.5, 12) * base.std()) * atoms, min(width, grain)
