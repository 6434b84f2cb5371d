"""Table 2's published protocol in NumPy alone: OpenCV's resizing and blur written out as weights along an axis."""

import numpy as np
from golden import trace

FACTORS = (4, 5, 6, 8, 10)


def published_errors(image: np.ndarray, factor: int) -> dict[str, float]:
    """MSE by method for a square image."""
    side = len(image) - len(image) % factor
    target = blurred(image[:side, :side])
    return {method: float(np.mean((image_by(image, factor, method) - target) ** 2)) for method in WEIGHTS}


def image_by(image: np.ndarray, factor: int, method: str) -> np.ndarray:
    """The top left M x M px of a square image, nearest-resized to n x n, and resized back by a method."""
    side, samples = len(image) - len(image) % factor, -(-len(image) // factor)
    taken = np.arange(samples) * side // samples
    weights = _axis(side, samples, *WEIGHTS[method])
    return weights @ image[taken[:, None], taken].astype(np.float64) @ weights.T


def blurred(image: np.ndarray) -> np.ndarray:
    """Under the published code's own 5x5 kernel, with borders that reflect without repeating the edge."""
    kernel = trace("blur")["kernel5"]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image.astype(np.float64), 2, mode="reflect"), (5, 5))
    return np.einsum("yxij,ij->yx", windows, kernel)


def _axis(size: int, samples: int, place, kernel, reach: int) -> np.ndarray:
    """[size, samples]: how much of each sample each pixel takes; samples beyond an end are the end's."""
    weights = np.zeros((size, samples))
    for pixel in range(size):
        at = place(pixel, samples / size)
        near = np.arange(np.floor(at) - reach + 1, np.floor(at) + reach + 1)
        shares = np.array([kernel(abs(at - sample)) for sample in near])
        np.add.at(weights[pixel], np.clip(near, 0, samples - 1).astype(int), shares / shares.sum())
    return weights


def _centre(pixel: int, scale: float) -> float:
    return (pixel + 0.5) * scale - 0.5


def _overlap(pixel: int, scale: float) -> float:
    """INTER_AREA when it enlarges: a pixel that overlaps the next sample takes that share of it."""
    sample = np.floor(pixel * scale + 1e-9)
    return sample + max(0.0, pixel + 1 - (sample + 1) / scale)


def _linear(t: float) -> float:
    return max(0.0, 1 - t)


def _cubic(t: float, a: float = -0.75) -> float:
    if t < 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0.0


def _lanczos(t: float) -> float:
    return float(np.sinc(t) * np.sinc(t / 4)) if t < 4 else 0.0


#: Where a pixel lies among the samples, the kernel, and how many samples it reaches.
WEIGHTS = {
    "nearest": (lambda pixel, scale: np.floor(pixel * scale + 1e-9), _linear, 1),
    "area": (_overlap, _linear, 1),
    "bilinear": (_centre, _linear, 1),
    "bicubic": (_centre, _cubic, 2),
    "lanczos": (_centre, _lanczos, 4),
}
