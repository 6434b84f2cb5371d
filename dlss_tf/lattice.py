"""The sampling lattice: which pixels a scan with every s-th probing location holds (paper section II, fig. 1).

Along an axis of N pixels the sampled positions are `offset, offset + s, ...` below N with
`offset = (N mod s) // 2`; coverage is c = 1/s^2. NumPy only: TensorFlow code uses the indices computed here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .coverages import EQUATION_1 as EQUATION_1
from .coverages import MAX_FACTOR as MAX_FACTOR
from .coverages import MIN_FACTOR as MIN_FACTOR
from .coverages import TRAINED_FACTORS as TRAINED_FACTORS
from .coverages import check_factor as check_factor
from .coverages import coverage as coverage
from .coverages import p as p
from .coverages import p_raw as p_raw
from .errors import InputError


def offset(size: int, factor: int) -> int:
    """First sampled position on an axis of `size` pixels."""
    return (size % check_factor(factor)) // 2


def positions(size: int, factor: int, first: int | None = None) -> np.ndarray:
    """Sampled positions on an axis of `size` pixels, int64 [n]; `first` is the first, if not `offset`'s."""
    return np.arange(offset(size, factor) if first is None else first, size, check_factor(factor))


def count(size: int, factor: int) -> int:
    """Number of sampled positions on an axis of `size` pixels: 103 for size 512, factor 5."""
    return len(positions(size, factor))


def sample_index(size: int, factor: int, first: int | None = None) -> np.ndarray:
    """For each pixel of an axis, which sample (0 ... n-1) is nearest, the lower one on a tie; int64 [size]."""
    sampled = positions(size, factor, first)
    nearest = -((-2 * (np.arange(size) - sampled[0]) + factor) // (2 * factor))  # ceil(d/s - 1/2)
    return np.clip(nearest, 0, len(sampled) - 1)


def infill_index(size: int, factor: int) -> np.ndarray:
    """For each pixel of an axis, the sampled position that fills it; int64 [size]."""
    return positions(size, factor)[sample_index(size, factor)]


def downsample(image: np.ndarray, factor: int) -> np.ndarray:
    """The scan that every `factor`-th probing location gives: [..., H, W] -> [..., h, w], same dtype and units."""
    rows, columns = (positions(size, factor) for size in image.shape[-2:])
    return image[..., rows[:, None], columns]


def check_scan(scan: np.ndarray, size: Sequence[int], factor: int, first: Sequence[int | None] = (None, None)) -> None:
    """InputError unless the last two axes of `scan` are as long as the lattice on `size` pixels has samples."""
    expected = tuple(len(positions(n, factor, start)) for n, start in zip(size, first))
    if scan.shape[-2:] != expected:
        raise InputError(
            f"scan: expected {expected[0]}x{expected[1]} samples for {size[0]}x{size[1]} pixels at factor {factor}, "
            f"found {'x'.join(map(str, scan.shape))}"
        )


def infill(
    scan: np.ndarray, size: Sequence[int], factor: int, first: Sequence[int | None] = (None, None)
) -> np.ndarray:
    """Nearest-neighbour infill of a scan: [..., h, w] -> [..., *size], same dtype and units.

    `first` is the first sampled row and column, the lattice's own if None.

    Raises:
        InputError: the scan's shape is not what the lattice has on `size` pixels.
    """
    check_scan(scan, size, factor, first)
    rows, columns = (sample_index(n, factor, start) for n, start in zip(size, first))
    return scan[..., rows[:, None], columns]


def infilled_by(images: np.ndarray, factors: Sequence[int]) -> int:
    """The factor out of `factors` by which images [b, H, W] are nearest-infilled; 0 if not all by the same.

    What is infilled by several is so by the largest; constant images, which are by all, by that of the others.
    """

    def infilled(s: int) -> np.ndarray:
        rows, columns = (infill_index(side, s) for side in images.shape[1:])
        return (images[:, rows[:, None], columns] == images).all((1, 2))

    fits = np.stack([infilled(s) for s in factors])
    own = np.where(fits, np.array(factors)[:, None], 0).max(0)
    others = np.unique(own[~fits.all(0)])
    if not others.size:
        return max(factors)
    return int(others[0]) if others.size == 1 else 0


def with_known(images: np.ndarray, samples: np.ndarray, factor: int) -> np.ndarray:
    """Images [..., H, W] with the finite samples [..., h, w] exactly in their places, pixels [factor i, factor j]."""
    images = images.copy()
    known = images[..., ::factor, ::factor]
    known[...] = np.where(np.isfinite(samples), samples, known)
    return images


def bicubic(
    scan: np.ndarray, size: Sequence[int], factor: int, first: Sequence[int | None] = (None, None)
) -> np.ndarray:
    """Interpolate a floating-point scan [..., h, w] with Keys' kernel, a = -1/2: [..., H, W], same dtype and units.

    Beyond the outermost samples their value is held. `first` is the first sampled row and column, the lattice's own if
    None. InputError as `check_scan`.
    """
    check_scan(scan, size, factor, first)
    for axis, n, start in zip((-2, -1), size, first):
        scan = _bicubic_along(scan, axis, n, positions(n, factor, start)[0], factor)
    return scan


def _bicubic_along(scan: np.ndarray, axis: int, size: int, first: int, factor: int) -> np.ndarray:
    last = scan.shape[axis] - 1
    places = np.clip((np.arange(size) - first) / factor, 0, last)
    before = np.floor(places).astype(int)
    t = (places - before).astype(scan.dtype).reshape((size, 1) if axis == -2 else size)
    shares = {
        -1: -t / 2 + t**2 - t**3 / 2,
        0: 1 - 2.5 * t**2 + 1.5 * t**3,
        1: t / 2 + 2 * t**2 - 1.5 * t**3,
        2: -(t**2) / 2 + t**3 / 2,
    }
    return sum(scan.take(np.clip(before + i, 0, last), axis) * share for i, share in shares.items())
