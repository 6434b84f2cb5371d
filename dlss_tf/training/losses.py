"""The paper's losses by equation number, before ALRC. Every one is per example, float32 [b]."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from ..data.examples import Example, infill_index, interpolate

LAMBDA = 200.0  # lambda_{G,MSE}, lambda_{G,aux} and lambda_{one-stage}
EPSILON = 0.1  # least mu_M that eq. 6 divides by
# MSEs of bilinear interpolation, in the crop's [0, 1], for `difficulty`: below the first they hardly matter.
LEAST_ERROR, TYPICAL_ERROR = 5e-4, 2.5e-3


def mse(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Mean over pixels of the squared difference: [b, h, w, 1] twice -> [b]."""
    return tf.reduce_mean(tf.math.squared_difference(a, b), (1, 2, 3))


def weighted_mse(outputs: tf.Tensor, target: tf.Tensor, example: Example) -> tf.Tensor:
    """MSE in the crop's [0, 1] divided by p(c)."""
    return example.weight * mse(outputs, target) / example.p


def difficulty(example: Example, blurred: tf.Tensor, factors: Sequence[int]) -> tf.Tensor:
    """MSE of bilinear interpolation on the true lattice, over a typical one; [b]. Ours: eq. 6's idea for eq. 3.

    The MSE of a clean crop is a hundredth of a noisy one's. Divided by this, both count.
    """
    interpolated = interpolate(example.inputs, example.factor, factors)
    return (example.weight * mse(interpolated, blurred) + LEAST_ERROR) / TYPICAL_ERROR


def equation_3(outputs: tf.Tensor, blurred: tf.Tensor, example: Example) -> tf.Tensor:
    """Eq. 3 within ALRC: lambda MSE(G(I), I_blur) / p(c)."""
    return LAMBDA * weighted_mse(outputs, blurred, example)


def half_size(images: tf.Tensor) -> tf.Tensor:
    """I_blur^half of eq. 7: bilinearly downsampled, pixel centres aligned, which is the mean of 2x2 pixels."""
    return tf.nn.avg_pool2d(images, 2, 2, "VALID")


def equation_7(trainer_outputs: tf.Tensor, blurred: tf.Tensor, example: Example) -> tf.Tensor:
    """Eq. 7 within ALRC: lambda MSE(T(G_inner(I)), I_blur^half) / p(c)."""
    return LAMBDA * weighted_mse(trainer_outputs, half_size(blurred), example)


def equation_4(predictions: tf.Tensor, outputs: tf.Tensor, target: tf.Tensor, example: Example) -> tf.Tensor:
    """Eq. 4, M's loss: mean over an example's crops of (M(C_i) - lambda MSE(G(I), I) / p(c))^2.

    `predictions` are the M(C_i), [b, count]. No gradient passes to the outputs.
    """
    error = tf.stop_gradient(LAMBDA * weighted_mse(outputs, target, example))
    return tf.reduce_mean(tf.math.squared_difference(predictions, error[:, None]), 1)


def equation_5(predictions: tf.Tensor) -> tf.Tensor:
    """Eq. 5, mu_M: the mean prediction of an example's crops, [b, count] -> [b]."""
    return tf.reduce_mean(predictions, 1)


def equation_6(
    outputs: tf.Tensor, target: tf.Tensor, example: Example, mu1: tf.Tensor, predicted: tf.Tensor
) -> tf.Tensor:
    """Eq. 6 within ALRC: lambda mu_1 MSE(G(I), I) / (p(c) max(mu_M, epsilon)), for `outputs` from `keep_known`.

    mu1 is ALRC's first moment, a scalar; `predicted` is mu_M of eq. 5, [b]. Both are constants to the gradient.
    """
    priority = tf.stop_gradient(mu1 / tf.maximum(predicted, EPSILON))
    return LAMBDA * priority * weighted_mse(outputs, target, example)


def keep_known(outputs: tf.Tensor, target: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Outputs [b, N, N, 1] with the target's values at the pixels that the scan held, so that no loss comes from them.

    factor: int32 [b], the s of each example.
    """
    size = outputs.shape[1]
    axis = infill_index(size, factor) == tf.range(size)  # a sampled pixel is filled by itself
    known = axis[:, :, None, None] & axis[:, None, :, None]
    return tf.where(known, target, outputs)


def equation_8(real: Sequence[tf.Tensor], generated: Sequence[tf.Tensor]) -> tf.Tensor:
    """Eq. 8, the discriminators' loss: mean over i of D_i(G(I))^2 + (D_i(I_N) - 1)^2.

    `real` and `generated` are the outputs [b] of each discriminator for true and for generated images.
    """
    return tf.add_n([tf.square(g) + tf.square(r - 1.0) for r, g in zip(real, generated)]) / len(real)


def equation_9(generated: Sequence[tf.Tensor]) -> tf.Tensor:
    """Eq. 9, the generator's adversarial loss, its bracket put right: mean over i of (D_i(G(I)) - 1)^2."""
    return tf.add_n([tf.square(g - 1.0) for g in generated]) / len(generated)


def equation_11(outputs: tf.Tensor, blurred: tf.Tensor, example: Example) -> tf.Tensor:
    """Eq. 11 within ALRC: lambda MSE(G_one-stage(I), I_blur), in the crop's [0, 1]; one coverage needs no p(c)."""
    return LAMBDA * example.weight * mse(outputs, blurred)
