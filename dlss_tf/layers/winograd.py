"""Winograd's convolution F(2x2, 3x3) for training: 4 of 9 multiplications (Lavin and Gray, arXiv 1509.09308).

Every 4x4 tile d of the input gives 2x2 outputs y = A^T [(G g G^T) * (B^T d B)] A, so that the channels of all tiles
meet in 16 matrix products. The gradients are of the same kind and take the transformed kernel again. What is computed
is a SAME convolution at stride 1, but for rounding, which is about as large as that of a direct one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
A = np.array([[1, 0], [1, 1], [1, -1], [0, -1]])
IN_ORDER = (0, 1, 2, 3)
ROTATED = (3, 1, 2, 0)  # rows of G for a kernel turned by 180 degrees, as gradients of the input take it


def convolve(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """x [b, h, w, ci], h and w even, kernel [3, 3, ci, co] -> [b, h, w, co]; all static shapes."""

    @tf.custom_gradient
    def convolution(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        tiles, weights = _input_transform(x, IN_ORDER), _kernel_transform(kernel)

        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dx = tf.matmul(_input_transform(dy, ROTATED), weights, transpose_b=True)
            dweights = tf.matmul(tiles, _output_gradient(dy), transpose_a=True)
            return _output_transform(dx, x.shape, ROTATED), _kernel_gradient(dweights)

        return _output_transform(tf.matmul(tiles, weights), x.shape, IN_ORDER), gradient

    return convolution(x, kernel)


def _kernel_transform(kernel: tf.Tensor) -> tf.Tensor:
    """G g G^T: [3, 3, ci, co] -> [16, ci, co]."""
    ci, co = kernel.shape[2:]
    transform = tf.constant(np.kron(G, G), kernel.dtype)
    return tf.reshape(tf.matmul(transform, tf.reshape(kernel, [9, ci * co])), [16, ci, co])


def _kernel_gradient(dweights: tf.Tensor) -> tf.Tensor:
    """Gradient of `_kernel_transform`: [16, ci, co] -> [3, 3, ci, co]."""
    _, ci, co = dweights.shape
    transform = tf.constant(np.kron(G, G).T, dweights.dtype)
    return tf.reshape(tf.matmul(transform, tf.reshape(dweights, [16, ci * co])), [3, 3, ci, co])


def _input_transform(x: tf.Tensor, order: tuple[int, ...]) -> tf.Tensor:
    """B^T d B of all tiles, along each axis in that order: [b, h, w, c] -> [16, b h w / 4, c]."""
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    columns = _along(padded, 2, order)  # [4, b, h + 2, w / 2, c]
    return tf.reshape(_along(columns, 2, order), [16, -1, x.shape[3]])


def _along(x: tf.Tensor, axis: int, order: tuple[int, ...]) -> tf.Tensor:
    """B^T d of every 4 values along an axis that start at an even one: [4, ..] in that order.

    Sums of slices: as a matrix product, for which tiles have to be copied out first, it took ten times as long.
    """
    shape = list(x.shape)
    even, odd = tf.unstack(tf.reshape(x, [*shape[:axis], shape[axis] // 2, 2, *shape[axis + 1 :]]), axis=axis + 1)
    before, after = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
    d0, d1, d2, d3 = even[before], odd[before], even[after], odd[after]
    values = [d0 - d2, d1 + d2, d2 - d1, d1 - d3]
    return tf.stack([values[i] for i in order])


def _output_transform(products: tf.Tensor, shape: tf.TensorShape, order: tuple[int, ...]) -> tf.Tensor:
    """A^T m A: [16, b h w / 4, c] -> [b, h, w, c], for a tensor of that b, h and w."""
    b, h, w, _ = shape
    c = products.shape[2]
    a = A[list(order)]
    y = tf.matmul(tf.constant(np.kron(a, a).T, products.dtype), tf.reshape(products, [16, -1]))
    return tf.reshape(tf.transpose(tf.reshape(y, [2, 2, b, h // 2, w // 2, c]), [2, 3, 0, 4, 1, 5]), [b, h, w, c])


def _output_gradient(dy: tf.Tensor) -> tf.Tensor:
    """Gradient of `_output_transform`, in order: [b, h, w, c] -> [16, b h w / 4, c]."""
    b, h, w, c = dy.shape
    pixels = tf.transpose(tf.reshape(dy, [b, h // 2, 2, w // 2, 2, c]), [2, 4, 0, 1, 3, 5])
    products = tf.matmul(tf.constant(np.kron(A, A), dy.dtype), tf.reshape(pixels, [4, -1]))
    return tf.reshape(products, [16, -1, c])
