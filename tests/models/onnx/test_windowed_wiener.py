import numpy as np
import pytest
import tensorflow as tf
from onnx import TensorProto
from sessions import CLOSE, run, session

from dlss_tf.layers.windowed_wiener import WindowedWiener
from dlss_tf.models.onnx.graph import Graph
from dlss_tf.models.onnx.windowed_wiener import filtered

STRENGTHS = (0.5, 3.0)


@pytest.mark.parametrize("size", [8, 32])
def test_filters_as_the_layer_does(size, rng):
    graph = Graph()
    for name, image in zip("ab", filtered(graph, "scan", size, STRENGTHS)):
        graph.output(image, name)
    sides = ["batch", "height", "width"]
    made = session(graph.model({"scan": (TensorProto.FLOAT, sides)}, dict.fromkeys("ab", sides)))
    for shape in ((2, 41, 37), (1, 3, 20), (1, 1, 1)):
        scan = rng.random(shape, np.float32)
        expected = WindowedWiener((size,), STRENGTHS)(tf.constant(scan[..., None]))
        np.testing.assert_allclose(np.stack(run(made, scan=scan), 3), expected, **CLOSE)
