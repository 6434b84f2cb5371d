"""Test images, their targets, and what a generator makes of their scans, all in the crop's [0, 1]."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from .. import lattice
from ..data.crops import scale_to_unit
from ..data.examples import make_example, to_crop_scale
from ..data.files import BadFiles, read_tiff
from ..errors import InputError
from ..inference.refinement import refine
from ..inference.supersampler import Supersampler
from ..layers.blur import blur_output, blur_target


def central_crops(files: Sequence[str], size: int) -> Iterator[tuple[str, np.ndarray]]:
    """Path and central size x size px of each good file, float32 in [0, 1]; bad ones are named, counted and skipped.

    Raises:
        InputError: more than 1 in 100 files, or all of them, are bad.
    """
    bad = BadFiles(len(files))
    for path in files:
        try:
            image = read_tiff(path)
            if min(image.shape) < size:
                raise InputError(f"{path}: expected at least {size}x{size} px, found {image.shape[0]}x{image.shape[1]}")
        except InputError as error:
            bad.report(path, str(error))
            continue
        top, left = ((side - size) // 2 for side in image.shape)
        yield path, scale_to_unit(image[top : top + size, left : left + size]).numpy()


def blurred(crop: np.ndarray) -> np.ndarray:
    """I_blur, the target of eq. 3: crop [N, N] under the 5x5, 2.5 px Gaussian."""
    return blur_target(tf.constant(crop[None, :, :, None])).numpy()[0, :, :, 0]


def blurred_output(output: np.ndarray) -> np.ndarray:
    """An output [N, N] as eq. 10's MSE sees it: under the 3x3, 1.5 px Gaussian."""
    return blur_output(tf.constant(output[None, :, :, None])).numpy()[0, :, :, 0]


def completed(supersampler: Supersampler, crop: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """The infilled scan of crop [N, N] at coverage 1/factor^2 and the generator's output, [N, N] each."""
    reference = supersampler.config.intensity_reference
    example = make_example(tf.constant(crop[None, :, :, None]), tf.constant([factor]), reference)
    outputs = to_crop_scale(
        tf.constant(supersampler.complete(example.inputs.numpy(), factor=factor)), example, reference
    )
    infilled = example.inputs * example.scale + example.low
    return infilled.numpy()[0, :, :, 0], outputs.numpy()[0, :, :, 0]


def refined(output: np.ndarray, crop: np.ndarray, factor: int) -> np.ndarray:
    """`output` of `completed`, refined by the samples of the crop."""
    first = [lattice.offset(size, factor) for size in crop.shape]
    return refine(output[None], lattice.downsample(crop, factor)[None], factor, first)[0]


def label(factor: int) -> str:
    """Coverage as results name it: "1/25" for factor 5."""
    return f"1/{factor**2}"


def image_name(path: str, data: Sequence[str]) -> str:
    """The file's name, with its folder where there are several roots."""
    return os.path.basename(path) if len(data) == 1 else path
