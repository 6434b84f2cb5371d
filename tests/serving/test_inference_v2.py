import asyncio
import json

import numpy as np
import pytest
from serving.conftest import enlarged, in_process

from dlss_tf.serving.inference_v2 import HEADER
from dlss_tf.serving.settings import Settings

MODEL = "/v2/models/dlss"


@pytest.fixture
def scan(rng):
    return rng.normal(1000, 30, (2, 21, 26)).astype(np.float32)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.ptp(expected))


def tensors(scan, datatype="FP32", factor=5):
    return [
        {"name": "scan", "shape": list(scan.shape), "datatype": datatype, "data": scan.reshape(-1).tolist()},
        {"name": "factor", "shape": [1], "datatype": "INT32", "data": [factor]},
    ]


def test_health_and_metadata(web):
    assert web.get("/v2/health/live").json() == {"live": True} and web.get("/v2/health/ready").json() == {"ready": True}
    assert web.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert web.get(f"{MODEL}/versions/1/ready").json() == {"name": "dlss", "ready": True}
    found = web.get(MODEL).json()
    assert found["versions"] == ["1"] and [each["name"] for each in found["inputs"]] == ["scan", "factor"]
    assert web.get("/v2/models/other").status_code == web.get(f"{MODEL}/versions/2").status_code == 404


@pytest.mark.parametrize(
    ("runtime", "backend", "platform"),
    [
        ("onnx", None, "onnxruntime_onnx"),
        ("tensorflow", None, "tensorflow"),
        ("onnx", "http://localhost:9", "tensorflow"),
    ],
)
def test_its_platform_is_what_runs_it(runtime, backend, platform):
    async def run():
        async with in_process(Settings(runtime=runtime, backend=backend), enlarged) as (client, _):
            return (await client.get(MODEL)).json()["platform"]

    assert asyncio.run(run()) == platform


def test_json_tensors(web, scan, supersampler):
    answer = web.post(f"{MODEL}/infer", json={"id": "7", "inputs": tensors(scan)}).json()
    assert answer["model_name"] == "dlss" and answer["id"] == "7"
    (image,) = answer["outputs"]
    assert image["shape"] == [2, 105, 130] and image["datatype"] == "FP32"
    close(np.reshape(image["data"], image["shape"]), supersampler(scan, 5))


@pytest.mark.parametrize("datatype", ["UINT8", "UINT16", "FP16", "FP64"])
def test_fewer_or_more_bytes_a_sample(web, scan, supersampler, datatype):
    dtype = {"UINT8": "u1", "UINT16": "<u2", "FP16": "<f2", "FP64": "<f8"}[datatype]
    sent = (scan / 8).astype(dtype)
    inputs = tensors(scan, datatype)
    del inputs[0]["data"]
    inputs[0]["parameters"] = {"binary_data_size": sent.nbytes}
    header = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    answer = web.post(f"{MODEL}/infer", content=header + sent.tobytes(), headers={HEADER: str(len(header))})
    size = int(answer.headers[HEADER])
    (image,) = json.loads(answer.content[:size])["outputs"]
    assert image["parameters"]["binary_data_size"] == len(answer.content) - size
    close(np.frombuffer(answer.content[size:], "<f4").reshape(image["shape"]), supersampler(sent, 5))


def test_options_are_parameters_and_outputs_are_chosen(web, scan, supersampler):
    asked = {"inputs": tensors(scan), "parameters": {"ensemble": True}, "outputs": [{"name": "uncertainty"}]}
    (uncertainty,) = web.post(f"{MODEL}/infer", json=asked).json()["outputs"]
    assert uncertainty["name"] == "uncertainty"
    close(np.reshape(uncertainty["data"], uncertainty["shape"]), supersampler.ensemble(scan, 5).uncertainty)


def test_remarks_are_parameters_of_the_answer(web, scan):
    scan[0, 3, 3] = 1e9
    answer = web.post(f"{MODEL}/infer", json={"inputs": tensors(scan)}).json()
    assert "1 of 1092 samples are outliers" in answer["parameters"]["remarks"]


def changed(**fields):
    return lambda inputs: [{**inputs[0], **fields}, inputs[1]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda inputs: None, "inputs: expected a list of tensors"),
        (lambda inputs: [3], "inputs: expected tensors"),
        (lambda inputs: inputs[1:], "scan: expected a tensor"),
        (lambda inputs: inputs[:1], "factor: expected one whole number"),
        (changed(datatype="BYTES"), "scan: expected a datatype out of"),
        (changed(shape=[2, 3, 4]), "scan: expected 24 values"),
        (changed(shape=["a"]), "scan: expected a shape"),
        (changed(shape=[0, 3, 4], data=[]), "scan: expected an image"),
        (changed(shape=[1092]), r"scan: expected shape \[b, h, w\]"),
        (changed(data=None), "scan: expected numbers"),
        (changed(data=["a"]), "scan: expected numbers"),
        (changed(datatype="UINT8"), "scan: expected numbers of its datatype"),
        (changed(parameters={"binary_data_size": 4}), "scan: expected 4368 bytes of its shape, found 4"),
    ],
)
def test_refuses(web, scan, change, sentence):
    import re

    answer = web.post(f"{MODEL}/infer", json={"inputs": change(tensors(scan))})
    assert answer.status_code == 400 and re.search(sentence, answer.json()["error"]), answer.text


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"parameters": {"ensemble": 3}}, "ensemble: expected true or false, found 3"),
        ({"parameters": {"deblur": "lucy"}}, "deblur: expected one of wiener, adam, found lucy"),
        ({"parameters": []}, "parameters: expected an object"),
        ({"outputs": [{"name": "x"}]}, "outputs: expected of image, found x"),
        ({"outputs": 3}, "outputs: expected a list"),
    ],
)
def test_refuses_other_options(web, scan, asked, sentence):
    answer = web.post(f"{MODEL}/infer", json={"inputs": tensors(scan), **asked})
    assert answer.status_code == 400 and sentence in answer.json()["error"]


@pytest.mark.parametrize("header", ["9999999", "-1", "x"])
def test_refuses_a_header_that_is_longer_than_the_body(web, header):
    answer = web.post(f"{MODEL}/infer", content=b"{}", headers={HEADER: header})
    assert answer.status_code == 400 and "expected at most the body's 2 bytes" in answer.json()["error"]


@pytest.mark.slow
def test_tritons_client(server, scan, supersampler):
    triton = pytest.importorskip("tritonclient.http")
    from tritonclient.utils import InferenceServerException

    with triton.InferenceServerClient(server.split("//")[1].rstrip("/")) as client:
        assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("dlss")
        assert client.get_model_metadata("dlss")["name"] == "dlss"
        inputs = [triton.InferInput("scan", list(scan.shape), "FP32"), triton.InferInput("factor", [1], "INT32")]
        inputs[0].set_data_from_numpy(scan)
        inputs[1].set_data_from_numpy(np.array([5], np.int32))
        for outputs in (None, [triton.InferRequestedOutput("image", binary_data=False)]):
            close(client.infer("dlss", inputs, outputs=outputs).as_numpy("image"), supersampler(scan, 5))
        with pytest.raises(InferenceServerException, match="expected dlss"):
            client.infer("other", inputs)
