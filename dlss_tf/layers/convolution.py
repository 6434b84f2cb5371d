"""Convolutions in training on x86-64 processors, by other algorithms where TensorFlow's own are slower.

Wide 3x3 convolutions are Winograd's (winograd.py). Filter gradients are matrix products where oneDNN computes them
slowly: those of large convolutions at stride 2, and without AVX-512 of all large ones, at a fifth of the rate of its
other kernels (docs/performance.md). What is computed is the same, but for rounding.
"""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeGuard

import tensorflow as tf

from . import winograd

# Below these TensorFlow's own are as fast.
LEAST_OPERATIONS = 1e9  # of a filter gradient
LEAST_CHANNELS = 32
LEAST_CHANNELS_AVX512 = 64
LEAST_WINOGRAD_OPERATIONS = 5e7  # multiplications and additions of a direct convolution
LEAST_WINOGRAD_CHANNELS = 128

MOST_BYTES = 2**30  # of the matrices of a filter gradient


def convolve(x: tf.Tensor, kernel: tf.Tensor, strides: int, training: bool) -> tf.Tensor:
    """`tf.nn.conv2d`, SAME: x [b, h, w, ci], kernel [k, k, ci, co], k odd -> [b, ceil(h / strides), .., co]."""
    if training and _winograd_pays(x.shape, kernel, strides):
        return winograd.convolve(x, kernel)
    if not (training and _product_pays(x.shape, kernel, strides)):
        return tf.nn.conv2d(x, kernel, strides, "SAME")

    @tf.custom_gradient
    def convolution(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dx = tf.nn.conv2d_transpose(dy, kernel, tf.shape(x), strides, "SAME")
            return dx, filter_gradient(x, dy, kernel.shape[0], strides)

        return tf.nn.conv2d(x, kernel, strides, "SAME"), gradient

    return convolution(x, kernel)


def convolve_transposed(x: tf.Tensor, kernel: tf.Tensor, strides: int, training: bool) -> tf.Tensor:
    """`tf.nn.conv2d_transpose`, SAME: x [b, h, w, ci], kernel [k, k, co, ci] -> [b, h strides, w strides, co]."""
    static = [x.shape[0], *(side and side * strides for side in x.shape[1:3]), kernel.shape[2]]
    batch, height, width = tf.unstack(tf.shape(x)[:3])
    shape = [batch, height * strides, width * strides, kernel.shape[2]]

    def transposed(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.nn.conv2d_transpose(x, kernel, shape, strides, "SAME"), static)

    if not (training and _product_pays(static, kernel, strides)):
        return transposed(x, kernel)

    @tf.custom_gradient
    def convolution(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return tf.nn.conv2d(dy, kernel, strides, "SAME"), filter_gradient(dy, x, kernel.shape[0], strides)

        return transposed(x, kernel), gradient

    return convolution(x, kernel)


def filter_gradient(x: tf.Tensor, dy: tf.Tensor, k: int, strides: int) -> tf.Tensor:
    """Gradient of a SAME convolution's kernel, [k, k, ci, co], from its input x and its output's gradient dy.

    One matrix product over all output pixels: of the patches that the kernel saw with dy; at stride 1, with fewer
    copies, of k shifts of x along columns with k shifts of dy along rows, the other way.
    """
    ci, co = x.shape[3], dy.shape[3]
    if strides > 1:
        patches = tf.image.extract_patches(x, [1, k, k, 1], [1, strides, strides, 1], [1, 1, 1, 1], "SAME")
        return tf.reshape(_product(patches, dy), [k, k, ci, co])
    product = _product(_shifted(x, 1, range(k)), _shifted(dy, 2, reversed(range(k))))
    return tf.transpose(tf.reshape(product, [k, ci, k, co]), [0, 2, 1, 3])


def _shifted(x: tf.Tensor, axis: int, offsets: Iterable[int]) -> tf.Tensor:
    """x beside itself as channels, shifted along an axis by each of 0 ... k - 1, less k // 2."""
    offsets = list(offsets)
    reach = len(offsets) // 2
    padded = tf.pad(x, [[reach, reach] if a == axis else [0, 0] for a in range(4)])

    def shifted(offset: int) -> tf.Tensor:
        return tf.slice(padded, [offset if a == axis else 0 for a in range(4)], tf.shape(x))

    return tf.concat([x if offset == reach else shifted(offset) for offset in offsets], 3)


def _product(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """[.., m], [.., n] -> [m, n], summed over all other axes."""
    a, b = (tf.reshape(t, [-1, t.shape[3]]) for t in (a, b))
    return tf.matmul(a, b, transpose_a=True)


def _winograd_pays(shape: list[int | None], kernel: tf.Tensor, strides: int) -> bool:
    """Whether `winograd.convolve` is possible and the faster here."""
    if not _was_measured(shape, kernel):
        return False
    k, _, ci, co = kernel.shape
    batch, height, width, _ = shape
    return (
        (k, strides, height % 2, width % 2) == (3, 1, 0, 0)
        and min(ci, co) >= LEAST_WINOGRAD_CHANNELS
        and 2 * 9 * ci * co * batch * height * width >= LEAST_WINOGRAD_OPERATIONS
    )


def _product_pays(shape: list[int | None], kernel: tf.Tensor, strides: int) -> bool:
    """Whether `filter_gradient` is the faster here, its matrices not too large. `shape` is that of the finer side."""
    if not _was_measured(shape, kernel) or (_avx512() and strides == 1):
        return False
    k, _, ci, co = kernel.shape
    pixels = shape[0] * -(-shape[1] // strides) * -(-shape[2] // strides)
    columns = k * (ci + co) if strides == 1 else k * k * ci
    return (
        2 * k * k * ci * co * pixels >= LEAST_OPERATIONS
        and min(ci, co) >= (LEAST_CHANNELS_AVX512 if _avx512() else LEAST_CHANNELS)
        and pixels * columns * kernel.dtype.size <= MOST_BYTES
    )


def _was_measured(shape: list[int | None], kernel: tf.Tensor) -> TypeGuard[list[int]]:
    return None not in list(shape) and kernel.dtype == tf.float32 and _on_x86()


@functools.cache
def _on_x86() -> bool:
    """GPUs and other processors have libraries of their own."""
    return platform.machine() == "x86_64" and not tf.config.list_physical_devices("GPU")


@functools.cache
def _avx512() -> bool:
    """Whether oneDNN uses AVX-512, which ONEDNN_MAX_CPU_ISA=AVX2 forbids; taken for granted where nothing is known."""
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() == "AVX2":
        return False
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return True
