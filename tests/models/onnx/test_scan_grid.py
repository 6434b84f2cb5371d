import numpy as np
import pytest
from sessions import CLOSE, drawn, run, session

from dlss_tf import _compat
from dlss_tf.config import preset
from dlss_tf.models import generators, spread
from dlss_tf.models.onnx.generators import model

pytestmark = pytest.mark.usefixtures("few_layers")
CONFIG = preset("quick", "scan-grid").replace(factors=(2, 5, 12), width=0.2)


def test_generator_and_head_give_what_keras_does(rng):
    networks = generators.build(CONFIG)
    models = networks.generator, spread.build(CONFIG, networks).head
    arrays, head = (drawn(_compat.variables(each)) for each in models)
    keras = spread.trained(CONFIG, arrays, head)
    alone, both = session(model(CONFIG, arrays)), session(model(CONFIG, arrays, head))
    # Not 8 or 16 samples a side, of which windows see whole periods, and beside these rounding alone.
    for shape, factor in (((2, 60, 87), 5), ((1, 25, 41), 12), ((1, 130, 18), 2), ((1, 7, 12), 5)):
        inputs = {"image": rng.random((*shape, 1), np.float32), "factor": np.array([factor], np.int32)}
        expected = [each.numpy() for each in keras([inputs["image"], np.full(shape[0], factor, np.int32)])]
        assert all(each.std() > 0.01 for each in expected)
        for found, reference in zip(run(both, **inputs), expected, strict=True):
            np.testing.assert_allclose(found, reference, **CLOSE)
        np.testing.assert_allclose(*run(alone, **inputs), expected[0], **CLOSE)
