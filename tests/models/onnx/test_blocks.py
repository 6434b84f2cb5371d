import numpy as np
import pytest
import tensorflow as tf
from onnx import TensorProto
from sessions import CLOSE, run, session

from dlss_tf.config import Config
from dlss_tf.models.onnx.blocks import Blocks
from dlss_tf.models.onnx.graph import Graph


def images(name):
    return {name: ["batch", "channels", "height", "width"]}


@pytest.mark.parametrize(
    ("kernel", "strides", "transposed"),
    [(3, 1, False), (5, 1, False), (3, 2, False), (2, 2, False), (3, 2, True), (2, 2, True)],
)
def test_convolutions_are_tensorflows(kernel, strides, transposed, rng):
    x, shape = rng.random((2, 6, 8, 3), np.float32), (kernel, kernel, *((4, 3) if transposed else (3, 4)))
    weights = {"conv/kernel": rng.normal(0, 0.2, shape).astype(np.float32), "conv/bias": rng.random(4, np.float32)}
    graph = Graph()
    blocks = Blocks(graph, Config(), weights.__getitem__)
    blocks.of(3, "x")
    graph.output(blocks.convolution("x", 4, "conv", kernel, strides, transposed=transposed), "y")
    made = session(graph.model({"x": (TensorProto.FLOAT, images("x")["x"])}, images("y")))
    if transposed:
        expected = tf.nn.conv2d_transpose(x, weights["conv/kernel"], [2, 12, 16, 4], strides, "SAME")
    else:
        expected = tf.nn.conv2d(x, weights["conv/kernel"], strides, "SAME")
    (found,) = run(made, x=x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(found.transpose(0, 2, 3, 1), expected + weights["conv/bias"], **CLOSE)


def test_layers_know_how_many_channels_they_are_given():
    blocks = Blocks(Graph(), Config().replace(width=0.5), {"conv/kernel": np.ones((3, 3, 2, 8))}.__getitem__)
    assert blocks.scaled(64) == 32 and blocks.scaled(2) == 8
    assert blocks.count(blocks.convolution(blocks.of(2, "x"), 8, "conv", bias=False)) == 8
    with pytest.raises(ValueError, match=r"conv/kernel: expected shape \[3, 3, 3, 8\], found \[3, 3, 2, 8\]"):
        blocks.convolution(blocks.of(3, "x"), 8, "conv")
    with pytest.raises(KeyError, match="other/kernel"):
        blocks.convolution("x", 8, "other")


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_activations(slope):
    graph = Graph()
    blocks = Blocks(graph, Config(), {}.__getitem__)
    graph.output(blocks.relu(blocks.of(1, "x"), "activation", slope), "y")
    made = session(graph.model({"x": (TensorProto.FLOAT, ["n"])}, {"y": ["n"]}))
    np.testing.assert_allclose(run(made, x=np.array([-2, 3], np.float32))[0], [-2 * slope, 3])
