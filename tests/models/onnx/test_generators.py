import numpy as np
import pytest
import tensorflow as tf
from onnx import TensorProto
from sessions import CLOSE, run, session

from dlss_tf import Supersampler, weights
from dlss_tf.errors import InputError
from dlss_tf.models import generators
from dlss_tf.models.onnx.generators import model, of_scans


@pytest.mark.parametrize("name", ["unified-scan", "unified-small"])
def test_pretrained_ones_give_what_keras_does(name, rng):
    config, arrays = weights.load(name)
    inputs = rng.random((1, 64, 64, 1), np.float32)
    expected = generators.complete(config, generators.trained(config, arrays), tf.constant(inputs), tf.constant(5))
    given = {"image": inputs, "factor": np.array([5], np.int32)}
    np.testing.assert_allclose(*run(session(model(config, arrays)), **given), expected, **CLOSE)


def test_half_of_the_bytes_hold_the_same_where_weights_are_of_half_precision(rng):
    config, arrays = weights.load()
    whole, half = model(config, arrays), model(config, arrays, half=True)
    assert half.ByteSize() < 0.55 * whole.ByteSize()
    given = {"image": rng.random((1, 60, 50, 1), np.float32), "factor": np.array([4], np.int32)}
    np.testing.assert_array_equal(*(run(session(made), **given)[0] for made in (whole, half)))


def test_deviations_are_calibrated_where_that_is_known(rng):
    config, arrays = weights.load()
    head = weights.load_spread()
    calibration = head.pop("calibration")
    given = {"image": rng.random((1, 60, 50, 1), np.float32), "factor": np.array([4], np.int32)}
    made = [run(session(model(config, arrays, each)), **given) for each in (head, {**head, "calibration": calibration})]
    np.testing.assert_array_equal(made[0][0], made[1][0])
    np.testing.assert_allclose(made[0][1] * calibration, made[1][1], rtol=1e-6)


@pytest.mark.parametrize("factor", [2, 5])
def test_of_scans_gives_what_a_supersampler_does(factor, rng):
    """In each scan's own units, one of them without contrast."""
    scans = np.stack([rng.poisson(30, (21, 18)), np.full((21, 18), 7), 1e-9 * rng.random((21, 18))]).astype(np.float32)
    config, arrays = weights.load()
    made = of_scans(config, arrays, factor)
    (images,) = run(session(made), scan=scans[:, None])
    expected = Supersampler()(scans, factor, keep_outliers=True)
    for image, each, scale in zip(images[:, 0], expected, (30, 1e-30, 1e-9), strict=True):
        np.testing.assert_allclose(image / scale, each / scale, rtol=0, atol=1e-5)
    assert [each.op_type for each in made.graph.node].count("If") == 0
    assert made.ByteSize() < 2.1 * sum(each.size for each in arrays.values())
    missing = f"heads/kernel_{factor}"
    with pytest.raises(InputError, match=f"the weights do not fit its config.json: '{missing}'"):
        of_scans(config, {name: array for name, array in arrays.items() if name != missing}, factor)


def test_says_what_it_takes_and_gives():
    config, arrays = weights.load()
    made = model(config, arrays, weights.load_spread(), properties={"generator": "unified-scan"})
    shapes = {
        each.name: [side.dim_param or side.dim_value for side in each.type.tensor_type.shape.dim]
        for each in [*made.graph.input, *made.graph.output]
    }
    image = ["batch", "height", "width", 1]
    assert shapes == {"image": image, "factor": [1], "output": image, "deviation": image}
    assert made.graph.input[1].type.tensor_type.elem_type == TensorProto.INT32
    assert made.opset_import[0].version >= 17 and "factor: of the lattice" in made.doc_string
    assert [(each.key, each.value) for each in made.metadata_props] == [("generator", "unified-scan")]


def test_weights_that_do_not_fit_are_refused():
    config, arrays = weights.load()
    with pytest.raises(InputError, match="the weights do not fit its config.json: .*heads/kernel_5: expected shape"):
        model(config, {**arrays, "heads/kernel_5": arrays["heads/kernel_4"]})
    with pytest.raises(InputError, match="the weights do not fit its config.json: 'first/kernel'"):
        model(config, {name: array for name, array in arrays.items() if name != "first/kernel"})
