import numpy as np

from dlss_tf.config import Config
from dlss_tf.layers.kernels import normalized_kernel
from dlss_tf.models.folding import folded


def test_normalisation_and_means_become_kernel_and_bias(rng):
    shapes = {"a/v": (3, 3, 2, 4), "a/g": (4,), "a_norm/mu": (4,), "inner_up1/v": (3, 3, 4, 2), "inner_up1/g": (4,)}
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    config = Config()
    np.testing.assert_array_equal(
        folded("a/kernel", weights, config), normalized_kernel(weights["a/v"], weights["a/g"], False)
    )
    np.testing.assert_array_equal(
        folded("inner_up1/kernel", weights, config),
        normalized_kernel(weights["inner_up1/v"], weights["inner_up1/g"], True),
    )
    np.testing.assert_array_equal(folded("a/bias", weights, config), -weights["a_norm/mu"])
    weights["a_norm/bias"] = np.float32([1, 2, 3, 4])
    np.testing.assert_allclose(folded("a/bias", weights, config), [1, 2, 3, 4] - weights["a_norm/mu"])
    assert folded("a_norm/bias", weights, config) is weights["a_norm/bias"]
