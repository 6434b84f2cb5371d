"""Axes in the order [..., h, w], whatever the file's order is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from .image import as_grey

SHORTEST = (
    16  # px; where a file does not say which axes are rows and columns, a shorter last axis is taken for channels
)


def has_colours(axes: str, shape: Sequence[int]) -> bool:
    """Whether a pixel's samples are colours: there are more where they are detectors or energies."""
    return "S" in axes and shape[axes.index("S")] <= 4


def in_order(path: str, data: np.ndarray, axes: str) -> np.ndarray:
    """An array whose axes are called as in TIFF: Y, X, S for the samples of a colour, others are frames.

    Raises:
        InputError: colours.
    """
    if has_colours(axes, data.shape):
        data = as_grey(path, np.moveaxis(data, axes.index("S"), -1))
        axes = axes.replace("S", "")
    if axes.count("Y") != 1 or axes.count("X") != 1:
        return unnamed(path, data)
    if {"Q", "I"} & set(axes):  # unknown axes, so that tifffile supposes that rows and columns come last
        return unnamed(path, data)
    data = np.moveaxis(data, (axes.index("Y"), axes.index("X")), (-2, -1))
    return np.ascontiguousarray(data)


def unnamed(path: str, data: np.ndarray) -> np.ndarray:
    """An array of which no one says what its axes are: [h, w], [..., h, w] or, as networks take it, [..., h, w, 1].

    Raises:
        InputError: colours, or what looks like channels, in the last axis.
    """
    if data.ndim < 3:
        return data
    if data.shape[-1] == 1:
        return data[..., 0]
    if min(data.shape[-3:-1]) < SHORTEST or data.shape[-1] >= SHORTEST:
        return data
    if data.shape[-1] in (3, 4):
        return as_grey(path, data)
    shape = list(data.shape)
    raise InputError(
        f"{path}: expected an image [h, w] or a stack [frames, h, w], found shape {shape}; "
        "move the last axis to the front if these are images"
    )
