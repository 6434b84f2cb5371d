"""One simulated crop: a specimen, then its imaging, then its detection.

A specimen is an object function: what one electron scatters at each probe position. All lengths are in pixels of the
crop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from ..errors import InputError
from . import crystals, fields, microscope, objects
from .fields import Specimen

SMALLEST = 64  # px a side

SPECIMENS: Mapping[str, tuple[Callable[[np.random.Generator, int], Specimen], float]] = MappingProxyType(
    {  # name: function and relative frequency
        "crystal": (crystals.crystal, 0.17),
        "polycrystal": (crystals.polycrystal, 0.1),
        "layers": (crystals.layers, 0.07),
        "monolayer": (crystals.monolayer, 0.06),
        "film": (objects.film, 0.08),
        "particles": (objects.particles, 0.15),
        "aggregate": (objects.aggregate, 0.1),
        "fibres": (objects.fibres, 0.05),
        "foil": (objects.foil, 0.08),
        "porous": (objects.porous, 0.05),
        "single_atoms": (objects.single_atoms, 0.09),
    }
)


def _vacuum_edge(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The specimen cut by vacuum along a rough edge, perhaps with an amorphous rim as milling leaves it."""
    n = len(image)
    edge = (fields.ramp(rng, n) + rng.uniform(-0.5, 0.8)) * (n / 2)
    edge = edge + rng.uniform(0, 15) * fields.texture(rng, n, fields.log_uniform(rng, 5, 80), rng.uniform(2, 4))
    inside = fields.step(edge, fields.log_uniform(rng, 2, 60))
    rim = 0.0
    if fields.chance(rng, 0.5):
        rim = (fields.step(edge + rng.uniform(5, 60), 6) - inside).clip(0) * rng.uniform(0.1, 0.5) * image.mean()
    return (image * inside + rim).astype(np.float32)


def _specimen(rng: np.random.Generator, n: int, kind: str) -> Specimen:
    """The object function of a specimen of this kind, 0 or more, scaled so that its brightest parts are about 1."""
    image, feature = SPECIMENS[kind][0](rng, n)
    if kind not in ("aggregate", "fibres") and fields.chance(rng, 0.15):
        image = _vacuum_edge(rng, image)
    if fields.chance(rng, 0.3):
        image = image * np.exp(rng.uniform(0.1, 0.8) * fields.ramp(rng, n))
    image = image.clip(0)
    return (image / max(float(np.percentile(image, 99.7)), 1e-6)).astype(np.float32), feature


def _crop(rng: np.random.Generator, size: int, kind: str, dose: float) -> np.ndarray:
    n = size + 2 * microscope.MARGIN
    image, feature = _specimen(rng, n, kind)
    image = fields.convolve(image, microscope.probe_transfer(rng, n, feature)).clip(0)
    image = microscope.contrast(rng, microscope.scan(rng, image, size))
    return microscope.detect(rng, image, max(dose, microscope.least_dose(rng, image)))


def simulate_crop(rng: np.random.Generator, size: int = 512) -> np.ndarray:
    """One simulated crop, float32 [size, size], in detector counts of arbitrary gain and offset; all finite.

    The kind of specimen and everything else about it is drawn from `rng`, whose state advances.

    Raises:
        InputError: `size` is less than 64 pixels.
    """
    check_size(size)
    share = np.array([frequency for _, frequency in SPECIMENS.values()])
    kind = str(rng.choice(list(SPECIMENS), p=share / share.sum()))
    return _crop(rng, size, kind, microscope.dose(rng))


def check_size(size: int) -> None:
    """InputError unless crops of this side, in pixels, can be simulated."""
    if size < SMALLEST:
        raise InputError(f"size of simulated crops: expected {SMALLEST} pixels or more, found {size}.")
