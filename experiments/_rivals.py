"""Rivals that denoise a scan before cubic interpolation on its true lattice: what one can do without this package.

BM3D's licence is for non-commercial use and tk_r_em's is the GPL: neither is needed by anything but `make rivals`,
which installs them into an environment of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from skimage.restoration import denoise_tv_chambolle, estimate_sigma

from dlss_tf.errors import InputError
from dlss_tf.evaluation.interpolation import lattice_bicubic

Denoise = Callable[[np.ndarray], np.ndarray]
PAD = 8  # px a side of tk_r_em's inputs is a multiple of


def bm3d(scan: np.ndarray) -> np.ndarray:
    """BM3D (Dabov et al. 2007; Makinen et al. 2020) with the noise that scikit-image estimates from the scan."""
    try:
        import bm3d as package
    except ImportError:
        raise InputError("BM3D: expected the package bm3d, found none; `make rivals` installs it") from None
    sigma = float(estimate_sigma(scan))
    return np.asarray(package.bm3d(scan, sigma)) if sigma > 0 else scan


def total_variation(scan: np.ndarray, strength: float) -> np.ndarray:
    """Chambolle's total variation denoising; `strength` is the weight of the variation over the estimated noise."""
    sigma = float(estimate_sigma(scan))
    return denoise_tv_chambolle(scan, weight=strength * sigma) if sigma > 0 else scan


@cache
def _tk_r_em(name: str) -> object:
    try:
        from tk_r_em import load_network
    except ImportError:
        raise InputError("tk_r_em: expected the package tk_r_em, found none; `make rivals` installs it") from None
    return load_network(name)


def tk_r_em(scan: np.ndarray, name: str) -> np.ndarray:
    """A network of tk_r_em for single STEM images (Lobato et al. 2024): sfr_hrstem or sfr_lrstem."""
    padded = np.pad(scan, [(0, -side % PAD) for side in scan.shape], mode="symmetric").astype(np.float32)
    restored = _tk_r_em(name).predict(padded[None, ..., None], 1)  # type: ignore[attr-defined]
    return np.asarray(restored)[0, : scan.shape[0], : scan.shape[1], 0]


def rivals(strength: float) -> dict[str, Denoise]:
    """What denoises a scan [h, w] in its [0, 1], by the name of its row."""
    return {
        "total_variation": partial(total_variation, strength=strength),
        "bm3d": bm3d,
        "tk_r_em_hrstem": partial(tk_r_em, name="sfr_hrstem"),
        "tk_r_em_lrstem": partial(tk_r_em, name="sfr_lrstem"),
    }


def interpolated(denoise: Denoise, scan: np.ndarray, size: tuple[int, ...], factor: int) -> np.ndarray:
    """The image [H, W] of a scan [h, w]: denoised in its own [0, 1], then cubic on the true lattice."""
    low, high = float(scan.min()), float(scan.max())
    if not high > low:
        return np.full(size, low)
    return lattice_bicubic(denoise((scan.astype(np.float64) - low) / (high - low)), size, factor) * (high - low) + low
