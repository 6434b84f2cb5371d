"""Traditional supersampling methods: the rivals in Table 2 (paper section III; method.md section 9).

Two families, kept apart because they answer different questions:

* `published`: the paper's protocol with OpenCV's resizing, so that its rows can be reproduced. Its grid lies up to
  half a probing interval off the samples and nothing is done against noise.
* `CHARITABLE`: methods that know where the samples lie, and some that expect noise. They map a scan [h, w], as
  `lattice.downsample` gives it, to the full image [H, W].

All are invariant to the units: a x + b in gives a y + b out. Needs the extra `eval`; no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest

import numpy as np

from .. import lattice
from ..errors import InputError
from ..packages import needed
from .metrics import mse

try:
    import cv2
    from scipy.ndimage import gaussian_filter1d
    from skimage.restoration import denoise_nl_means
    from skimage.restoration import estimate_sigma as estimate_sigma  # for others, too
except ImportError as error:
    raise InputError(f"traditional methods: expected to find {needed(error.name or 'scipy')}") from error

_RESIZE = {
    "nearest": cv2.INTER_NEAREST,
    "area": cv2.INTER_AREA,
    "bilinear": cv2.INTER_LINEAR,
    "bicubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
#: Methods of the published protocol, in the order of Table 2.
PUBLISHED = tuple(_RESIZE)
#: Our own rows, each a function of this module.
CHARITABLE = ("lattice_bilinear", "lattice_bicubic", "smoothed", "biharmonic", "non_local_means")
#: Standard deviations that `best_sigma` tries, in probing intervals (output pixels over the factor).
SIGMAS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0)


def published_crop(image: np.ndarray, factor: int) -> np.ndarray:
    """The part of an image that `published` covers: [H, W] -> its top left [H - H mod s, W - W mod s].

    Blur after this crop, not before, for the numbers of `golden/baselines.npz`.
    """
    height, width = (size - size % lattice.check_factor(factor) for size in image.shape)
    return image[:height, :width]


def published(crop: np.ndarray, factor: int, method: str) -> np.ndarray:
    """Table 2's traditional methods by the published protocol (method.md section 9).

    The top left M x M of the crop, M = H - (H mod s), is nearest-resized to n x n, n = ceil(H/s), and back.

    Args:
        crop: [H, W], finite, any units; the paper's are [0, 1].
        factor: s.
        method: one of PUBLISHED.

    Returns:
        [M, M] float32, to be compared with the Gaussian-blurred `published_crop`.

    Raises:
        InputError: unknown method, or a crop that is not two-dimensional with at least s pixels a side.
    """
    if method not in _RESIZE:
        raise InputError(f"method: expected one of {', '.join(PUBLISHED)}, found {method}")
    if crop.ndim != 2 or min(crop.shape) < lattice.check_factor(factor):
        raise InputError(f"crop: expected two axes of at least {factor} pixels, found {_shape(crop)}")
    kept = np.ascontiguousarray(published_crop(crop, factor), np.float32)
    n_height, n_width = (-(-size // factor) for size in crop.shape)
    scan = cv2.resize(kept, (n_width, n_height), interpolation=cv2.INTER_NEAREST)
    return cv2.resize(scan, kept.shape[::-1], interpolation=_RESIZE[method])


def lattice_bilinear(scan: np.ndarray, size: Sequence[int], factor: int) -> np.ndarray:
    """Bilinear interpolation on the true lattice; beyond the outermost samples their value is held.

    Args:
        scan: [..., h, w], finite, any units.
        size: H, W of the image.
        factor: s.

    Returns:
        [..., H, W] in the scan's units; float32, or float64 for a float64 scan.

    Raises:
        InputError: the scan's shape is not what the lattice has on `size` pixels.
    """
    return _separable(scan, size, factor, _linear_matrix)


def lattice_bicubic(scan: np.ndarray, size: Sequence[int], factor: int) -> np.ndarray:
    """Bicubic interpolation on the true lattice with Keys' kernel, a = -1/2; otherwise as `lattice_bilinear`.

    Keys' kernel, not a cubic spline: the spline's kernel has the larger 2-norm, so it passes more of a real scan's
    noise (on 36 real crops, s = 4 ... 10, root MSE is 7% higher with natural and 8% with not-a-knot splines).
    """
    return lattice.bicubic(scan.astype(np.float64), size, factor).astype(_float_type(scan))


def smoothed(scan: np.ndarray, size: Sequence[int], factor: int, sigma: float) -> np.ndarray:
    """`lattice_bilinear` followed by a Gaussian (cut at 4 sigma, reflected at borders, edge pixel not repeated).

    Bilinear, not bicubic: with the best sigma of each it is as good or slightly better on real crops.

    Args:
        scan: [..., h, w], finite, any units.
        size: H, W of the image.
        factor: s.
        sigma: the Gaussian's standard deviation in output pixels, >= 0; `best_sigma` finds it.

    Returns:
        As `lattice_bilinear`.

    Raises:
        InputError: as `lattice_bilinear`, or sigma is negative or not finite.
    """
    if not (np.isfinite(sigma) and sigma >= 0):
        raise InputError(f"sigma: expected a number of pixels >= 0, found {sigma}")
    return _separable(scan, size, factor, lambda n, s: _smooth_matrix(n, s, float(sigma)))


def best_sigma(
    crops: Iterable[np.ndarray],
    blurred: Iterable[np.ndarray],
    factor: int,
    sigmas: Sequence[float] | None = None,
) -> float:
    """The `smoothed` sigma with the least mean MSE: a grid, then a parabola through its lowest three points.

    Args:
        crops: validation crops [H, W], all in one scale; iterated over once.
        blurred: their Gaussian-blurred targets, in the same order.
        factor: s.
        sigmas: increasing grid in output pixels; s * SIGMAS by default.

    Returns:
        sigma in output pixels, within the grid.

    Raises:
        InputError: no crops, another number of targets, pixels that are not finite, or a grid that does not increase.
    """
    grid = np.asarray(sigmas if sigmas is not None else np.multiply(SIGMAS, lattice.check_factor(factor)), float)
    if grid.ndim != 1 or not grid.size or np.any(np.diff(grid) <= 0):
        raise InputError(f"sigmas: expected increasing numbers of pixels, found {grid.tolist()}")
    errors: list[list[float]] = []
    for crop, target in zip_longest(crops, blurred):
        if crop is None or target is None:
            raise InputError(f"blurred: expected as many targets as crops, found only {len(errors)} pairs")
        scan = lattice.downsample(crop, factor)
        errors.append([mse(smoothed(scan, crop.shape, factor, x), target) for x in grid])
        if not np.all(np.isfinite(errors[-1])):
            raise InputError(f"crops: expected finite pixels, found others in pair {len(errors)} or its target")
    if not errors:
        raise InputError("crops: expected at least one, found none")
    return _parabola_minimum(grid, np.mean(errors, axis=0))


def biharmonic(scan: np.ndarray, size: Sequence[int], factor: int) -> np.ndarray:
    """Biharmonic inpainting: samples kept, L(L(u)) = 0 elsewhere, L the 5-point Laplacian.

    scikit-image's `inpaint_biharmonic` solves this as a sparse system, 16 s for a 512x512 image. On a regular lattice
    the solution is a convolution with a cardinal kernel, 40 ms: u minimises |L u|^2 under u = scan at the samples, so
    its transform is

        U(w) = F(w) * s^2 g(w) / sum_m g(w + 2 pi m / s),   g = 1/l^2,   l(w) = 4 - 2 cos w_1 - 2 cos w_2

    with F the scan's transform, periodic over the s^2 aliases m. At w = 0, where g has its pole, the factor is s^2 and
    at its aliases 0. The scan is mirrored (edge sample repeated) to make it periodic, where scikit-image extrapolates:
    results differ within two or three samples of the border. Like its, they are clipped to the samples' range.

    Args, returns and raises as `lattice_bilinear`.
    """
    lattice.check_scan(scan, size, factor)
    padding = [(0, 0)] * (scan.ndim - 2) + [(0, n) for n in scan.shape[-2:]]
    samples = np.fft.fft2(np.pad(scan.astype(np.float64), padding, mode="symmetric"))
    transfer = _biharmonic_transfer(scan.shape[-2], scan.shape[-1], factor)
    period = tuple(2 * n * factor for n in scan.shape[-2:])
    columns = np.arange(transfer.shape[1]) % samples.shape[-1]
    spectrum = np.concatenate([samples[..., columns]] * factor, axis=-2) * transfer
    image = np.fft.irfft2(spectrum, s=period, axes=(-2, -1))
    rows, columns = ((np.arange(n) - lattice.offset(n, factor)) % p for n, p in zip(size, period))
    low, high = (limit(scan, axis=(-2, -1), keepdims=True) for limit in (np.min, np.max))
    return np.clip(image[..., rows[:, None], columns], low, high).astype(_float_type(scan))


def non_local_means(scan: np.ndarray, size: Sequence[int], factor: int) -> np.ndarray:
    """Non-local means on the scan, then `lattice_bicubic`: 5x5 patches, distance 7, h = 0.8 sigma.

    Sigma is scikit-image's estimate from the scan. Noise is not taken off the patch distances (scikit-image's
    `sigma` stays 0): with h as it is, that gives the lower error on real crops at every coverage.

    Args, returns and raises as `lattice_bilinear`, for one scan [h, w].
    """
    lattice.check_scan(scan, size, factor)
    if scan.ndim != 2:
        raise InputError(f"scan: expected two axes, found {_shape(scan)}")
    noisy = scan.astype(np.float64)
    sigma = float(estimate_sigma(noisy))
    if sigma > 0:
        noisy = denoise_nl_means(
            noisy, patch_size=5, patch_distance=7, h=0.8 * sigma, fast_mode=True, preserve_range=True
        )
    return lattice_bicubic(noisy, size, factor).astype(_float_type(scan))


def _shape(array: np.ndarray) -> str:
    return "x".join(map(str, array.shape))


def _float_type(array: np.ndarray) -> type:
    return np.float64 if array.dtype == np.float64 else np.float32


def _separable(
    scan: np.ndarray, size: Sequence[int], factor: int, matrix: Callable[[int, int], np.ndarray]
) -> np.ndarray:
    """A scan B^T with A = matrix(H, s) [H, h] and B = matrix(W, s) [W, w], in float64."""
    lattice.check_scan(scan, size, factor)
    rows, columns = (matrix(n, factor) for n in size)
    return (rows @ scan.astype(np.float64) @ columns.T).astype(_float_type(scan))


def _sample_coordinates(size: int, factor: int) -> np.ndarray:
    """Each pixel's place among the samples of its axis, 0 ... n-1, held at both ends; float64 [size]."""
    places = (np.arange(size) - lattice.offset(size, factor)) / factor
    return np.clip(places, 0, lattice.count(size, factor) - 1)


@lru_cache(maxsize=64)
def _linear_matrix(size: int, factor: int) -> np.ndarray:
    """Linear interpolation along an axis, [size, n]."""
    places = _sample_coordinates(size, factor)
    return np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(lattice.count(size, factor))))


@lru_cache(maxsize=64)
def _smooth_matrix(size: int, factor: int, sigma: float) -> np.ndarray:
    """Linear interpolation then a Gaussian of `sigma` pixels along an axis, [size, n]."""
    matrix = _linear_matrix(size, factor)
    return gaussian_filter1d(matrix, sigma, axis=0, mode="mirror") if sigma > 0 else matrix


@lru_cache(maxsize=10)
def _biharmonic_transfer(height: int, width: int, factor: int) -> np.ndarray:
    """s^2 g(w) / sum over aliases of g, for a mirrored scan of h x w samples: rfft's half, [2 h s, w s + 1]."""
    cosines = [2 * np.cos(2 * np.pi * np.fft.fftfreq(2 * n * factor)) for n in (height, width)]
    laplacian = 4 - cosines[0][:, None] - cosines[1]
    laplacian[0, 0] = np.inf  # the pole: g(0) is put right below
    g = 1 / laplacian**2
    aliases = g.reshape(factor, 2 * height, factor, 2 * width).sum(axis=(0, 2))
    transfer = factor**2 * g / np.tile(aliases, (factor, factor))
    transfer[:: 2 * height, :: 2 * width] = 0.0
    transfer[0, 0] = factor**2
    return transfer[:, : width * factor + 1]


def _parabola_minimum(x: np.ndarray, y: np.ndarray) -> float:
    """Where y(x) is least: the vertex of the parabola about the lowest point, or that point at an end of x."""
    i = int(np.argmin(y))
    if not 0 < i < len(x) - 1:
        return float(x[i])
    left, right = x[i - 1] - x[i], x[i + 1] - x[i]
    rise_left, rise_right = (y[i - 1] - y[i]) / left, (y[i + 1] - y[i]) / right
    curvature = (rise_right - rise_left) / (right - left)
    return float(x[i] + (-(rise_left - curvature * left) / (2 * curvature) if curvature > 0 else 0.0))
