import asyncio
import base64
import io
import json

import httpx
import numpy as np
import pytest
from PIL import Image
from serving.conftest import PlayedModel

from dlss_tf import lattice
from dlss_tf.serving import app
from dlss_tf.serving.service import Service
from dlss_tf.serving.settings import Settings

MODEL = "/v1/models/dlss"
SIDE = 96


@pytest.fixture(scope="module")
def signatures(tiny_scan_grid_run):
    """What TensorFlow Serving would run."""
    from dlss_tf import weights
    from dlss_tf.models import generators
    from dlss_tf.serving.signatures import Served

    config, arrays = weights.load(tiny_scan_grid_run)
    return Served(config, generators.trained(config, arrays), SIDE, sorted(config.factors)).by_name


@pytest.fixture
def scan(rng):
    return rng.normal(1000, 30, [2] + [lattice.count(SIDE, 5)] * 2).astype(np.float32)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.ptp(expected))


def test_status_and_metadata(web):
    status = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in (MODEL, f"{MODEL}/versions/1"):
        assert web.get(path).json() == {"model_version_status": [status]}
    found = web.get(f"{MODEL}/metadata").json()
    assert found["model_spec"] == {"name": "dlss", "signature_name": "", "version": "1"}
    defs = found["metadata"]["signature_def"]["signature_def"]
    assert set(defs) == {"serving_default", "supersample", "supersample_png"}
    image = defs["serving_default"]["inputs"]["image"]
    assert [each["size"] for each in image["tensor_shape"]["dim"]] == ["-1", "96", "96", "1"]
    assert image["dtype"] == "DT_FLOAT" and defs["supersample"]["method_name"] == "tensorflow/serving/predict"


def test_rows_and_columns(web, scan, signatures):
    expected = signatures["supersample"](scan, 5)["image"].numpy()
    rows = [{"scan": each.tolist(), "factor": 5} for each in scan]
    found = web.post(f"{MODEL}:predict", json={"signature_name": "supersample", "instances": rows}).json()
    close(np.array(found["predictions"]), expected)
    columns = {"scan": scan.tolist(), "factor": 5}
    path = f"{MODEL}/versions/1:predict"
    found = web.post(path, json={"signature_name": "supersample", "inputs": columns}).json()
    close(np.array(found["outputs"]), expected)


def test_the_default_signature(web, scan, signatures):
    image = lattice.infill((scan - scan.min()) / np.ptp(scan), (SIDE, SIDE), 5)[..., None]
    found = web.post(f"{MODEL}:predict", json={"instances": image.tolist()}).json()
    close(np.array(found["predictions"]), signatures["serving_default"](image)["output"].numpy())


def test_bytes(web, scan, signatures):
    grey = np.rint((scan[0] - scan.min()) / np.ptp(scan) * 65535).astype(np.uint16)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, format="PNG")
    instance = {"scan_bytes": {"b64": base64.b64encode(file.getvalue()).decode()}, "factor": 5}
    found = web.post(f"{MODEL}:predict", json={"signature_name": "supersample_png", "instances": [instance]}).json()
    (made,) = found["predictions"]
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(made["image_bytes"]["b64"]))), np.float64)
    expected = signatures["supersample"](grey[None].astype(np.float32), 5)["image"].numpy()[0]
    back = made["low"] + (made["high"] - made["low"]) * image / 65535
    np.testing.assert_allclose(back, expected, rtol=0, atol=2e-4 * np.ptp(expected))


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/v1/models/half:predict", {"instances": [1.0, 5.0]}, 404, "Servable not found for request: Latest(half)"),
        (f"{MODEL}/versions/7:predict", {}, 404, "Servable not found for request: Specific(dlss, 7)"),
        (f"{MODEL}:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
        (f"{MODEL}:classify", {}, 400, "Expected classification signature"),
        (f"{MODEL}:regress", {}, 400, "Expected regression signature"),
        (f"{MODEL}:explain", {}, 400, "Malformed request: POST /v1/models/dlss:explain"),
        ("/v1/nothing", {}, 404, "Malformed request: POST /v1/nothing"),
        (f"{MODEL}:predict", {"signature_name": "x", "inputs": []}, 400, 'Serving signature name: "x" not found'),
        (f"{MODEL}:predict", {"instances": [[1]]}, 400, "image: expected shape [any, 96, 96, 1], found [1, 1]"),
        (
            f"{MODEL}:predict",
            {"signature_name": "supersample", "inputs": {"scan": [[[1.0]]], "factor": 5}},
            400,
            "scan: for this factor and 96x96 output, expected samples a side 20 found 1 1",
        ),
    ],
)
def test_errors_have_its_shape(web, path, body, status, sentence):
    answer = web.post(path, json=body)
    assert answer.status_code == status and list(answer.json()) == ["error"]
    assert sentence in answer.json()["error"]


def test_broken_json(web):
    answer = web.post(f"{MODEL}:predict", content=b"{")
    assert answer.status_code == 400 and answer.json()["error"].startswith("JSON Parse error: ")


#: Requests and answers of the documentation of TensorFlow Serving's REST API, where the model is half_plus_three.
DOCUMENTED = [
    (
        ("GET", "/v1/models/half_plus_three", None),
        (
            200,
            """{
 "model_version_status": [
  {
   "version": "123",
   "state": "AVAILABLE",
   "status": {
    "error_code": "OK",
    "error_message": ""
   }
  }
 ]
}""",
        ),
    ),
    (
        ("POST", "/v1/models/half_plus_three:predict", '{"instances": [1.0,2.0,5.0]}'),
        (200, '{\n    "predictions": [3.5, 4.0, 5.5]\n}'),
    ),
    (
        ("POST", "/v1/models/half:predict", '{"instances": [1.0,5.0]}'),
        (404, '{ "error": "Servable not found for request: Latest(half)" }'),
    ),
]


def half_plus_three(question):
    if question["kind"] == "describe":
        tensor = {"dtype": "float32", "shape": [None]}
        return {"serving_default": {"inputs": {"x": tensor}, "outputs": {"y": tensor}}}
    return {"y": question["arrays"]["x"] / 2 + 3}


@pytest.mark.parametrize(("request_", "expected"), DOCUMENTED)
def test_documented_requests_get_the_documented_answers(request_, expected, monkeypatch):
    from dlss_tf.serving import tfs_rest

    monkeypatch.setattr(tfs_rest, "MODEL", "half_plus_three")
    monkeypatch.setattr(tfs_rest, "VERSION", "123")

    async def ask():
        web = app.create(Settings())
        web.state.service = Service(Settings(), PlayedModel(half_plus_three))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://localhost") as client:
            answer = await client.request(*request_[:2], content=request_[2])
        await web.state.service.close()
        return answer

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()) == (expected[0], json.loads(expected[1]))
