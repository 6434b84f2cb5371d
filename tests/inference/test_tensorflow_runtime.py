import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import weights
from dlss_tf.config import preset
from dlss_tf.errors import InputError
from dlss_tf.inference import tensorflow_runtime


def test_images_of_all_sizes_are_one_graph(rng):
    traced = []

    def model(inputs):
        traced.append(inputs)
        return 2 * inputs[0] + tf.cast(inputs[1][0], tf.float32)

    run = tensorflow_runtime.of_model(preset("quick", "scan-grid"), model)
    for shape, factor in (((1, 8, 9, 1), 4), ((2, 30, 7, 1), 5)):
        images = rng.random(shape, np.float32)
        found = run(images, factor)
        assert isinstance(found, np.ndarray)
        np.testing.assert_allclose(found, 2 * images + factor, rtol=1e-6)
    assert len(traced) == 1


def test_a_head_that_does_not_fit_is_refused():
    config, arrays = weights.load()
    head = {name: array for name, array in weights.load_spread().items() if name != "spread_level/bias"}
    with pytest.raises(InputError, match="spread_level/bias"):
        tensorflow_runtime.generator(config, arrays, head)
