"""Specimens of atomic columns: crystals, grains, layers and monolayers, with their defects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import fields
from .fields import Specimen

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


def _columns(
    rng: np.random.Generator, n: int, cell: Cell, spacing: float, angle: float
) -> tuple[np.ndarray, np.ndarray]:
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


def _point_defects(
    rng: np.random.Generator, points: np.ndarray, weights: np.ndarray, spacing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Static disorder, vacancies and substituted columns, each in some crystals only."""
    points = points + rng.normal(0, spacing * rng.choice([0, 0.01, 0.03, 0.06]), points.shape)
    weights = weights * rng.normal(1, rng.choice([0.02, 0.1]), len(weights)).clip(0.2, 2)
    if fields.chance(rng, 0.4):
        replaced = rng.random(len(weights)) < fields.log_uniform(rng, 0.002, 0.2)
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


def _column_image(
    rng: np.random.Generator, points: np.ndarray, weights: np.ndarray, n: int, spacing: float
) -> Specimen:
    """Gaussian columns on the diffuse scattering between them, modulated by the thickness."""
    width = max(spacing * rng.uniform(0.1, 0.27), 0.8)
    image = fields.blur(fields.splat(points, weights, n), width)
    image *= np.float32(1 / max(np.percentile(image, 99), 1e-9))
    image += np.float32(rng.choice([0.02, 0.2, 0.6, 1.5]) * rng.uniform(0.5, 1.5))
    return image * fields.thickness(rng, n), width


def _spacing(rng: np.random.Generator) -> float:
    """Distance of neighbouring columns: most micrographs of lattices are taken with 8 to 40 pixels between columns."""
    return fields.log_uniform(rng, 7, 50)


def crystal(rng: np.random.Generator, n: int) -> Specimen:
    """One crystal on a zone axis, perhaps with defects."""
    spacing = _spacing(rng)
    points, weights = _columns(rng, n, _cell(rng), spacing, rng.uniform(0, 2 * np.pi))
    points = _line_defect(rng, points, n, spacing)
    return _column_image(rng, *_point_defects(rng, points, weights, spacing), n, spacing)


def _region_distances(
    rng: np.random.Generator, n: int, count: int, layered: bool
) -> Callable[[np.ndarray], np.ndarray]:
    """Distances of points from the seeds of `count` regions, which are layers or Voronoi cells with wavy borders."""
    seeds = rng.uniform(0, n, (count, 2))
    angle = rng.uniform(0, np.pi)
    normal = np.array([np.sin(angle), np.cos(angle)])
    length = fields.log_uniform(rng, 10, 100)
    wave = (rng.choice([0, 0.05, 0.2]) * length * fields.texture(rng, n, length)).astype(np.float64)

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
        if layered or fields.chance(rng, 0.3):
            cell = _cell(rng)
        if not layered or fields.chance(rng, 0.3):
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


def polycrystal(rng: np.random.Generator, n: int) -> Specimen:
    """A polycrystal: grains of any orientation, most of them of one phase."""
    return _grains(rng, n, layered=False)


def layers(rng: np.random.Generator, n: int) -> Specimen:
    """Layers of different phases, most of them of one orientation."""
    return _grains(rng, n, layered=True)


def monolayer(rng: np.random.Generator, n: int) -> Specimen:
    """Graphene or a dichalcogenide with dopant atoms, holes and patches of contamination."""
    spacing = fields.log_uniform(rng, 7, 40)
    vectors = np.array([[1, 0], [0.5, np.sqrt(3) / 2]]) * np.sqrt(3)
    cell = vectors, np.array([[0, 0], [1 / 3, 1 / 3]]), np.array([1, rng.choice([1, rng.uniform(0.1, 1)])])
    points, weights = _columns(rng, n, cell, spacing, rng.uniform(0, 2 * np.pi))
    points = points + rng.normal(0, 0.02 * spacing, points.shape)
    dopant = rng.random(len(weights)) < fields.log_uniform(rng, 1e-4, 0.02)
    weights = np.where(dopant, rng.uniform(2, 6), weights)
    width = max(spacing * rng.uniform(0.2, 0.4), 0.8)
    image = fields.blur(fields.splat(points, weights, n), width)
    image *= np.float32(1 / max(np.percentile(image, 95), 1e-9))
    if fields.chance(rng, 0.3):
        image *= fields.step(fields.texture(rng, n, n / 12) * 40 + rng.uniform(30, 80), 3)
    if fields.chance(rng, 0.5):
        patches = fields.texture(rng, n, n / rng.uniform(8, 30)) + rng.uniform(-1.5, 0.5)
        image += rng.uniform(0.2, 2) * patches.clip(0) * (1 + 0.15 * fields.texture(rng, n, rng.uniform(1, 4)))
    return image + np.float32(rng.uniform(0, 0.5)), width
