"""Undoing the blur that generators are trained with: 5x5, 2.5 px Gaussian, mirrored borders (paper section II)."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..layers.kernels import gaussian_kernel

ITERATIONS, RATE, DECAY, BETA1, BETA2, EPSILON = 100, 0.3, 0.99, 0.9, 0.999, 1e-8
PIXELS = 512 * 512  # of the images that the published rate was chosen for
#: Of `wiener`: the least that does not raise the error of generators' outputs at 1/16 (docs/deconvolution.md).
NOISE_OF_OUTPUTS = 0.1
NOISE_FREE = 3e-4  # of `wiener`, for a blurred image without noise: as close to the truth as ADAM
LEAST_SIDE = 3  # px: shorter images have nothing to mirror


def deblur(images: np.ndarray, method: str) -> np.ndarray:
    """Images [b, h, w], any units, restored by one of `options.DEBLUR_METHODS`; float32, same shape and units.

    Raises:
        InputError: an image shorter than 3 px.
    """
    if min(images.shape[1:]) < LEAST_SIDE:
        height, width = images.shape[1:]
        raise InputError(f"deblur: expected at least {LEAST_SIDE} px a side, found {height}x{width}")
    return {"wiener": wiener, "adam": adam}[method](images)


def adam(images: np.ndarray) -> np.ndarray:
    """As published: 100 steps of ADAM, rate 0.3 x 0.99^i, on the squared difference of image blurred again and image.

    It starts at the blurred image. ADAM's epsilon is not small beside gradients of a mean square over 512x512 px, so
    its steps depend on units and size: each image's range counts as the paper's 1, and gradients are those of 512x512.
    """
    low = images.min((1, 2), keepdims=True)
    scale = images.max((1, 2), keepdims=True) - low
    scale = np.where(scale > 0, scale, 1)
    return _adam(np.asarray((images - low) / scale, np.float32)) * scale + low


def _adam(blurred: np.ndarray) -> np.ndarray:
    """Of images float32 [b, h, w], in the scale in which the published steps are right."""
    # The mirror counts a border's pixels once and all others twice, an axis: by these counts W the blur's adjoint is
    # W B / W.
    counts = np.multiply.outer(*(np.r_[1, np.full(side - 2, 2), 1] for side in blurred.shape[1:])).astype(np.float32)
    image, first, second = blurred.copy(), np.zeros_like(blurred), np.zeros_like(blurred)
    for step in range(1, ITERATIONS + 1):
        gradient = blur((blur(image) - blurred) / counts)
        gradient *= counts * np.float32(2 / PIXELS)
        first *= np.float32(BETA1)
        first += np.float32(1 - BETA1) * gradient
        second *= np.float32(BETA2)
        second += np.float32(1 - BETA2) * np.square(gradient)
        rate = RATE * DECAY ** (step - 1) * np.sqrt(1 - BETA2**step) / (1 - BETA1**step)
        image -= np.float32(rate) * first / (np.sqrt(second) + np.float32(EPSILON))
    return image


def blur(images: np.ndarray) -> np.ndarray:
    """Images [b, h, w], at least 3 px a side, blurred as training targets are: `layers.blur.blur_target`, in NumPy."""
    center, near, far = gaussian_kernel(5, 2.5)[2:].astype(np.float32)
    for axis in (1, 2):
        reach = [(2, 2) if each == axis else (0, 0) for each in range(3)]
        padded = np.moveaxis(np.pad(images, reach, mode="reflect"), axis, 0)
        parts = [padded[start : len(padded) - 4 + start] for start in range(5)]
        sums = center * parts[2] + near * (parts[1] + parts[3]) + far * (parts[0] + parts[4])
        images = np.moveaxis(sums, 0, axis)
    return images


def wiener(images: np.ndarray, noise: float = NOISE_OF_OUTPUTS) -> np.ndarray:
    """The x that minimises |B x - image|^2 + noise |x - image|^2, B being the blur. NumPy alone.

    Under mirrored borders B multiplies each frequency of the image's mirrored double by a number K, so that
    X = (K + noise) / (K^2 + noise) times the image's transform. `noise` is its power over the true image's.
    """
    height, width = images.shape[1:]
    mirrored = np.pad(images.astype(np.float64), ((0, 0), (0, height - 2), (0, width - 2)), mode="reflect")
    blur = _transfer(height)[:, None] * _transfer(width)[:width]
    gain = (blur + noise) / (blur**2 + noise)
    restored = np.fft.irfft2(np.fft.rfft2(mirrored) * gain, s=mirrored.shape[1:])
    return restored[:, :height, :width].astype(np.float32)


def _transfer(side: int) -> np.ndarray:
    """What the blur along an axis of `side` px multiplies each frequency of its mirrored double by."""
    kernel = gaussian_kernel(5, 2.5)
    frequency = 2 * np.pi * np.fft.fftfreq(2 * side - 2)
    return kernel[2] + 2 * kernel[3] * np.cos(frequency) + 2 * kernel[4] * np.cos(2 * frequency)
