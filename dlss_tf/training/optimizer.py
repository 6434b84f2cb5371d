"""ADAM as the published code runs it: rate and beta1 change while it trains (paper section II; method.md section 7)."""

from __future__ import annotations

import tensorflow as tf


class Adam(tf.Module):
    """ADAM with beta2 0.999 and epsilon 1e-8 on named float32 variables.

    Bias correction divides by 1 minus a power of beta1 that starts at `beta1`, the optimiser's own at its first step,
    and is multiplied by the beta1 of every step (TensorFlow 1's form, not beta1^t). Each variable is updated by
    TensorFlow's fused kernel.
    """

    BETA2, EPSILON = 0.999, 1e-8

    def __init__(self, variables: dict[str, tf.Variable], beta1: float, name: str = "adam"):
        super().__init__(name=name)
        self.variables_by_name = variables
        self.first = {k: tf.Variable(tf.zeros_like(v), trainable=False) for k, v in variables.items()}
        self.second = {k: tf.Variable(tf.zeros_like(v), trainable=False) for k, v in variables.items()}
        self.beta1_power = tf.Variable(beta1, trainable=False)
        self.beta2_power = tf.Variable(self.BETA2, trainable=False)

    def state(self) -> dict[str, tf.Variable]:
        """Moments and powers by name, for the checkpoint."""
        moments = {f"{moment}/{k}": v for moment in ("first", "second") for k, v in getattr(self, moment).items()}
        return {"beta1_power": self.beta1_power, "beta2_power": self.beta2_power, **moments}

    def apply(self, gradients: dict[str, tf.Tensor], rate: tf.Tensor, beta1: tf.Tensor) -> None:
        """One step with float32 gradients under the variables' names."""
        for name, gradient in gradients.items():
            tf.raw_ops.ResourceApplyAdam(
                var=self.variables_by_name[name].handle,
                m=self.first[name].handle,
                v=self.second[name].handle,
                beta1_power=self.beta1_power,
                beta2_power=self.beta2_power,
                lr=rate,
                beta1=beta1,
                beta2=self.BETA2,
                epsilon=self.EPSILON,
                grad=gradient,
            )
        self.beta1_power.assign(self.beta1_power * beta1)
        self.beta2_power.assign(self.beta2_power * self.BETA2)
