"""Every kind of generator in ONNX gives what it gives in Keras."""

import numpy as np
import onnx
import pytest
import tensorflow as tf
from onnxruntime import InferenceSession

from dlss_tf import _compat, weights
from dlss_tf.config import preset
from dlss_tf.models import generators, spread
from dlss_tf.models.onnx.generators import model

pytestmark = pytest.mark.usefixtures("few_layers")
CLOSE = {"rtol": 0, "atol": 1e-5}  # of a scale of 1
SCAN_GRID = preset("quick", "scan-grid").replace(factors=(2, 5, 12), width=0.2)


def drawn(shapes, seed=1):
    """Weights at random, by name, of the scale that keeps activations at theirs."""
    random, arrays = np.random.default_rng(seed), {}
    for name, variable in shapes.items():
        fan = 100 if len(variable.shape) == 1 else 4 * np.prod(variable.shape[:-1])
        arrays[name] = random.normal(0, fan**-0.5, variable.shape).astype(np.float32)
        if name.endswith(("/moving_variance", "/g")):
            arrays[name] = random.uniform(0.5, 1.5, variable.shape).astype(np.float32)
        if name.endswith("/share"):
            arrays[name] = np.full(variable.shape, 1 / variable.shape[0], np.float32)
    return arrays


def session(made):
    onnx.checker.check_model(made, full_check=True)
    return InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])


def run(session, inputs, factor):
    given = {"image": inputs, "factor": np.array([factor], np.int32)}
    return session.run(None, {each.name: given[each.name] for each in session.get_inputs()})


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        ("two-stage", {}),
        ("two-stage", {"upsampling": "bilinear", "activation": "leaky", "bias": False}),
        ("two-stage", {"subtract": "image", "bias": True}),
        ("two-stage", {"subtract": "image", "bias": False}),
        ("one-stage", {}),
        ("one-stage", {"rules": 1, "factors": (4,)}),
    ],
)
def test_networks_of_the_paper(network, changes, rng):
    config = preset("quick", network).replace(width=0.05, **changes)
    arrays = drawn(_compat.variables(generators.build(config).generator))
    keras, ort = generators.trained(config, arrays), session(model(config, arrays))
    for shape in ((2, 64, 96, 1), (1, 160, 64, 1)):  # one model for images of any size
        inputs = rng.random(shape, np.float32)
        expected = keras(tf.constant(inputs)).numpy()
        assert expected.std() > 0.01
        np.testing.assert_allclose(
            run(ort, inputs, 5)[0] / abs(expected).max(), expected / abs(expected).max(), **CLOSE
        )


def test_scan_grid_and_its_head(rng):
    networks = generators.build(SCAN_GRID)
    arrays, head = (
        drawn(_compat.variables(each)) for each in (networks.generator, spread.build(SCAN_GRID, networks).head)
    )
    keras = spread.trained(SCAN_GRID, arrays, head)
    alone, both = session(model(SCAN_GRID, arrays)), session(model(SCAN_GRID, arrays, head))
    # Not 8 or 16 samples a side, of which windows see whole periods, and beside these rounding alone.
    for shape, factor in (((2, 60, 87), 5), ((1, 25, 41), 12), ((1, 130, 18), 2), ((1, 7, 12), 5)):
        inputs = rng.random((*shape, 1), np.float32)
        expected = [each.numpy() for each in keras([inputs, np.full(shape[0], factor, np.int32)])]
        assert all(each.std() > 0.01 for each in expected)
        for found, reference in zip(run(both, inputs, factor), expected, strict=True):
            np.testing.assert_allclose(found, reference, **CLOSE)
        np.testing.assert_allclose(*run(alone, inputs, factor), expected[0], **CLOSE)


@pytest.mark.parametrize("name", ["unified-scan", "unified-small"])
def test_pretrained_ones_default(name, rng):
    config, arrays = weights.load(name)
    made = model(config, arrays)
    inputs = rng.random((1, 64, 64, 1), np.float32)
    expected = generators.complete(config, generators.trained(config, arrays), tf.constant(inputs), tf.constant(5))
    np.testing.assert_allclose(*run(session(made), inputs, 5), expected, **CLOSE)
