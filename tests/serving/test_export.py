import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import lattice, weights
from dlss_tf._compat import variables
from dlss_tf.errors import InputError
from dlss_tf.inference.supersampler import Supersampler
from dlss_tf.models import two_stage
from dlss_tf.serving.export import export

SIZE = 96

LOAD_ALONE = """
import sys
import numpy as np, tensorflow as tf
model, inputs, outputs = sys.argv[1:]
arrays = np.load(inputs)
loaded = tf.saved_model.load(model).signatures
output = loaded["serving_default"](image=tf.constant(arrays["image"]))["output"]
image = loaded["supersample"](scan=tf.constant(arrays["scan"]), factor=tf.constant(5))["image"]
np.savez(outputs, output=output, image=image)
assert not [name for name in sys.modules if name.startswith("dlss_tf")]
"""


@pytest.fixture(scope="module")
def exported(tiny_run, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("served") / "dlss")
    return export(tiny_run, folder, size=SIZE)


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(exported).signatures


def keras_generator(run):
    config, arrays = weights.load(run)
    generator = two_stage.build(config).generator
    for name, variable in variables(generator).items():
        variable.assign(arrays[name])
    return generator


def test_layout_is_tensorflow_servings(exported, tiny_run):
    assert os.path.basename(exported) == "1"
    assert sorted(os.listdir(os.path.dirname(exported))) == ["1"]
    assert {"saved_model.pb", "variables", "assets.extra"} <= set(os.listdir(exported))
    assert os.path.basename(export(tiny_run, os.path.dirname(exported), size=SIZE)) == "2"
    with pytest.raises(InputError, match="version: expected a new one"):
        export(tiny_run, os.path.dirname(exported), size=SIZE, version=2)


@pytest.mark.slow
def test_two_at_once_are_two_versions(tiny_run, tmp_path):
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda _: export(tiny_run, str(tmp_path / "served"), size=SIZE), range(2)))
    assert sorted(made) == [str(tmp_path / "served" / version) for version in "12"]
    assert sorted(os.listdir(tmp_path / "served")) == ["1", "2"]


def test_weights_that_do_not_fit_are_refused(tiny_run, tmp_path):
    config, arrays = weights.load(tiny_run)
    config.replace(width=0.3).save_in(str(tmp_path / "run"))
    weights.save(str(tmp_path / "run"), arrays)
    with pytest.raises(InputError, match=r"the weights do not fit its config\.json"):
        export(str(tmp_path / "run"), str(tmp_path / "served"), size=SIZE)


@pytest.mark.parametrize("batch", [1, 3])
def test_serving_default_equals_the_keras_model(signatures, tiny_run, rng, batch):
    image = tf.constant(rng.random((batch, SIZE, SIZE, 1)), tf.float32)
    output = signatures["serving_default"](image=image)["output"]
    np.testing.assert_allclose(output, keras_generator(tiny_run)(image, training=False), atol=1e-5)


@pytest.mark.parametrize("factor", [2, 4, 5, 10, 16])
def test_supersample_infills_scales_and_returns_to_the_scans_units(signatures, tiny_run, rng, factor):
    n = lattice.count(SIZE, factor)
    scan = (rng.random((2, n, n)) * [[[7.0]], [[300.0]]] - 2).astype(np.float32)
    low, high = scan.min((1, 2), keepdims=True), scan.max((1, 2), keepdims=True)
    filled = lattice.infill((scan - low) / (high - low), (SIZE, SIZE), factor)
    expected = Supersampler(tiny_run).complete(filled[..., None])[..., 0] * (high - low) + low
    for request in (tf.constant(factor), tf.constant([factor, factor])):
        image = signatures["supersample"](scan=tf.constant(scan), factor=request)["image"]
        np.testing.assert_allclose(image, expected, atol=1e-5 * 300)


def test_constant_and_non_finite_scans(signatures):
    n = lattice.count(SIZE, 4)
    scan = np.full((1, n, n), 7.0, np.float32)
    constant = signatures["supersample"](scan=tf.constant(scan), factor=tf.constant(4))["image"]
    assert np.isfinite(constant.numpy()).all()
    scan[0, 0, 0] = np.nan
    assert np.isfinite(signatures["supersample"](scan=tf.constant(scan), factor=tf.constant(4))["image"].numpy()).all()


@pytest.mark.parametrize(
    ("side", "factor", "sentence"),
    [(21, 5, "scan: for this factor"), (24, 17, "factor: expected one whole number"), (24, [4, 5], "factor: expected")],
)
def test_refuses_bad_requests(signatures, side, factor, sentence):
    with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
        signatures["supersample"](scan=tf.zeros([2, side, side]), factor=tf.constant(factor))


@pytest.mark.slow
def test_loads_with_tensorflow_alone(exported, signatures, rng, tmp_path):
    n = lattice.count(SIZE, 5)
    arrays = {"image": rng.random((2, SIZE, SIZE, 1), np.float32), "scan": rng.random((2, n, n), np.float32)}
    np.savez(tmp_path / "in.npz", **arrays)
    command = [sys.executable, "-c", LOAD_ALONE, exported, tmp_path / "in.npz", tmp_path / "out.npz"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    with np.load(tmp_path / "out.npz") as out:
        expected = signatures["serving_default"](image=tf.constant(arrays["image"]))["output"]
        np.testing.assert_allclose(out["output"], expected, atol=1e-6)
        expected = signatures["supersample"](scan=tf.constant(arrays["scan"]), factor=tf.constant(5))["image"]
        np.testing.assert_allclose(out["image"], expected, atol=1e-6)


def test_holds_plain_variables_only(exported, tiny_run):
    loaded = tf.saved_model.load(exported)
    names = {name for name, _ in tf.train.list_variables(os.path.join(exported, "variables", "variables"))}
    count = sum(
        int(np.prod(shape)) for name, shape in tf.train.list_variables(f"{exported}/variables/variables") if shape
    )
    _, arrays = weights.load(tiny_run)
    plain = sum(a.size for name, a in arrays.items() if name.endswith(("/v", "/mu")))
    assert count == plain
    assert not any("optimizer" in name for name in names)
    assert not hasattr(loaded, "layers")


def test_warm_up_requests_run(exported, signatures):
    from tensorflow_serving.apis import prediction_log_pb2

    path = os.path.join(exported, "assets.extra", "tf_serving_warmup_requests")
    seen = []
    for record in tf.data.TFRecordDataset(path):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {name: tf.constant(tf.make_ndarray(proto)) for name, proto in request.inputs.items()}
        signatures[request.model_spec.signature_name](**inputs)
        seen.append((request.model_spec.name, request.model_spec.signature_name, int(np.max(inputs.get("factor", 0)))))
    assert seen == [("dlss", "serving_default", 0), *(("dlss", "supersample", s) for s in range(4, 11))]


def test_warm_up_requests_can_be_joined(exported):
    """TensorFlow Serving runs them through its batching, if it has it, and loads no model whose requests fail."""
    from tensorflow_serving.apis import prediction_log_pb2

    for record in tf.data.TFRecordDataset(os.path.join(exported, "assets.extra", "tf_serving_warmup_requests")):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        assert {proto.tensor_shape.dim[0].size for proto in request.inputs.values()} == {1}


def test_one_stage_generator_is_served_for_its_factor_alone(tiny_one_stage_run, rng, tmp_path):
    exported = tf.saved_model.load(export(tiny_one_stage_run, str(tmp_path), size=SIZE)).signatures
    n = lattice.count(SIZE, 5)
    scan = rng.random((2, n, n)).astype(np.float32) * 9 - 4
    low, high = scan.min((1, 2), keepdims=True), scan.max((1, 2), keepdims=True)
    filled = lattice.infill((scan - low) / (high - low), (SIZE, SIZE), 5)
    expected = Supersampler(tiny_one_stage_run).complete(filled[..., None])[..., 0] * (high - low) + low
    image = exported["supersample"](scan=tf.constant(scan), factor=tf.constant(5))["image"]
    np.testing.assert_allclose(image, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
    assert exported["serving_default"].structured_outputs["output"].shape[1:] == (SIZE, SIZE, 1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="factor: expected one whole number from 5 to 5"):
        exported["supersample"](scan=tf.zeros([1, 24, 24]), factor=tf.constant(4))


def test_scan_grid_generator_finds_the_factor_of_an_infilled_image(tiny_scan_grid_run, rng, tmp_path):
    exported = tf.saved_model.load(export(tiny_scan_grid_run, str(tmp_path), size=SIZE)).signatures
    supersampler = Supersampler(tiny_scan_grid_run)
    for factor in (4, 5, 8):
        n = lattice.count(SIZE, factor)
        scan = rng.random((2, n, n)).astype(np.float32)
        scan[:, 0, 0], scan[:, 0, 1] = 0, 1  # spans [0, 1], so that both signatures are in its scale
        filled = lattice.infill(scan, (SIZE, SIZE), factor)[..., None]
        expected = supersampler.complete(filled, factor=factor)
        np.testing.assert_allclose(
            exported["serving_default"](image=tf.constant(filled))["output"], expected, atol=1e-5
        )
        image = exported["supersample"](scan=tf.constant(scan), factor=tf.constant(factor))["image"]
        np.testing.assert_allclose(image, expected[..., 0], atol=1e-5)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="image: expected nearest infill by one factor out of 4, 5, 8"
    ):
        exported["serving_default"](image=tf.constant(rng.random((1, SIZE, SIZE, 1)), tf.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="factor: expected one of 4, 5, 8, found"):
        exported["supersample"](scan=tf.zeros([1, n, n]), factor=tf.constant(6))


def test_refuses_bad_arguments(tiny_run, tmp_path):
    with pytest.raises(InputError, match="size: expected a multiple of 32"):
        export(tiny_run, str(tmp_path), size=100)
    with pytest.raises(InputError, match="expected a run directory"):
        export(str(tmp_path / "none"), str(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="expected a folder that can be written"):
        export(tiny_run, str(tmp_path / "file" / "model"), size=SIZE)
    assert sorted(os.listdir(tmp_path)) == ["file"]
