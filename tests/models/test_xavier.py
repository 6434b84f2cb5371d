import numpy as np
import pytest
from tensorflow import keras

from dlss_tf.models import xavier


@pytest.fixture
def model():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(16, 3, name="convolution")(image)
    return keras.Model(image, keras.layers.Dense(5, name="dense")(x))


def test_kernels_are_uniform_within_their_limit(model):
    xavier.initialize(model, seed=1)
    limits = {"convolution/kernel": (6 / (9 * (3 + 16))) ** 0.5, "dense/kernel": (6 / (16 + 5)) ** 0.5}
    found = {name: kernel.numpy() for name, kernel in xavier.kernels(model).items()}
    assert found.keys() == limits.keys()
    for name, limit in limits.items():
        assert 0.9 * limit < np.abs(found[name]).max() <= limit
        assert np.std(found[name]) == pytest.approx(limit / 3**0.5, rel=0.15)


def test_a_seed_repeats(model):
    draws = []
    for seed in (1, 1, 2):
        xavier.initialize(model, seed)
        draws.append(xavier.kernels(model)["dense/kernel"].numpy())
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).all()
