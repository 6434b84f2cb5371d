import numpy as np
import pytest
import tensorflow as tf
from sessions import CLOSE, drawn, run, session

from dlss_tf import _compat
from dlss_tf.config import preset
from dlss_tf.models import generators
from dlss_tf.models.onnx.generators import model


@pytest.fixture
def check_alike(rng, few_layers):
    """A network of the paper gives in ONNX what it gives in Keras, for images of any size."""

    def check(network, **changes):
        config = preset("quick", network).replace(width=0.05, **changes)
        arrays = drawn(_compat.variables(generators.build(config).generator))
        keras, onnx = generators.trained(config, arrays), session(model(config, arrays))
        for shape in ((2, 64, 96, 1), (1, 160, 64, 1)):
            inputs = rng.random(shape, np.float32)
            expected = keras(tf.constant(inputs)).numpy()
            scale = abs(expected).max()
            assert expected.std() > 0.01 * scale
            np.testing.assert_allclose(run(onnx, image=inputs)[0] / scale, expected / scale, **CLOSE)

    return check
