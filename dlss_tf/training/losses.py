"""The paper's losses by equation number, before ALRC. Every one is per example, float32 [b]."""

from __future__ import annotations

import tensorflow as tf

from ..data.examples import Example

LAMBDA = 200.0  # lambda_{G,MSE} and lambda_{G,aux}


def mse(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Mean over pixels of the squared difference: [b, h, w, 1] twice -> [b]."""
    return tf.reduce_mean(tf.math.squared_difference(a, b), (1, 2, 3))


def weighted_mse(outputs: tf.Tensor, target: tf.Tensor, example: Example) -> tf.Tensor:
    """MSE in the crop's [0, 1] divided by p(c)."""
    return example.weight * mse(outputs, target) / example.p


def equation_3(outputs: tf.Tensor, blurred: tf.Tensor, example: Example) -> tf.Tensor:
    """Eq. 3 within ALRC: lambda MSE(G(I), I_blur) / p(c)."""
    return LAMBDA * weighted_mse(outputs, blurred, example)


def half_size(images: tf.Tensor) -> tf.Tensor:
    """I_blur^half of eq. 7: bilinearly downsampled, pixel centres aligned, which is the mean of 2x2 pixels."""
    return tf.nn.avg_pool2d(images, 2, 2, "VALID")


def equation_7(trainer_outputs: tf.Tensor, blurred: tf.Tensor, example: Example) -> tf.Tensor:
    """Eq. 7 within ALRC: lambda MSE(T(G_inner(I)), I_blur^half) / p(c)."""
    return LAMBDA * weighted_mse(trainer_outputs, half_size(blurred), example)
