"""Convolutions in training, with a faster filter gradient where TensorFlow's own is slow.

Without AVX-512, oneDNN computes the filter gradients of large convolutions at a fifth of the rate of its other kernels
(docs/performance.md). As matrix products they are as fast. What is computed is the same, but for rounding.
"""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable, Iterable
from pathlib import Path

import tensorflow as tf

LEAST_OPERATIONS = 1e9  # of a filter gradient; below, TensorFlow's own is as fast
LEAST_CHANNELS = 32
MOST_BYTES = 2**30  # of the matrices


def convolve(x: tf.Tensor, kernel: tf.Tensor, strides: int, training: bool) -> tf.Tensor:
    """`tf.nn.conv2d`, SAME: x [b, h, w, ci], kernel [k, k, ci, co], k odd -> [b, ceil(h / strides), .., co]."""
    if not (training and _pays(x.shape, kernel, strides)):
        return tf.nn.conv2d(x, kernel, strides, "SAME")

    @tf.custom_gradient
    def convolution(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(dy):
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

    if not (training and _pays(static, kernel, strides)):
        return transposed(x, kernel)

    @tf.custom_gradient
    def convolution(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(dy):
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
    begins = [[offset if a == axis else 0 for a in range(4)] for offset in offsets]
    return tf.concat([tf.slice(padded, begin, tf.shape(x)) for begin in begins], 3)


def _product(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """[.., m], [.., n] -> [m, n], summed over all other axes."""
    a, b = (tf.reshape(t, [-1, t.shape[3]]) for t in (a, b))
    return tf.matmul(a, b, transpose_a=True)


def _pays(shape: list[int | None], kernel: tf.Tensor, strides: int) -> bool:
    """Whether `filter_gradient` is the faster here, its matrices not too large. `shape` is that of the finer side."""
    if None in list(shape) or kernel.dtype != tf.float32 or _own_is_fast():
        return False
    k, _, ci, co = kernel.shape
    pixels = shape[0] * -(-shape[1] // strides) * -(-shape[2] // strides)
    columns = k * (ci + co) if strides == 1 else k * k * ci
    return (
        2 * k * k * ci * co * pixels >= LEAST_OPERATIONS
        and min(ci, co) >= LEAST_CHANNELS
        and pixels * columns * kernel.dtype.size <= MOST_BYTES
    )


@functools.cache
def _own_is_fast() -> bool:
    """On GPUs, with AVX-512, and where nothing is known. ONEDNN_MAX_CPU_ISA=AVX2 keeps oneDNN from AVX-512."""
    if tf.config.list_physical_devices("GPU") or platform.machine() != "x86_64":
        return True
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() == "AVX2":
        return False
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return True
