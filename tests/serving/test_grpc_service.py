import asyncio
import socket

import numpy as np
import pytest

grpc = pytest.importorskip("grpc")
pytest.importorskip("tensorflow_serving")

import tensorflow as tf  # noqa: E402
from serving.conftest import PlayedModel  # noqa: E402
from tensorflow_serving.apis import (  # noqa: E402
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from dlss_tf.errors import InputError  # noqa: E402
from dlss_tf.serving import grpc_service  # noqa: E402
from dlss_tf.serving.batches import Refused  # noqa: E402
from dlss_tf.serving.service import Service  # noqa: E402
from dlss_tf.serving.settings import Settings  # noqa: E402
from dlss_tf.serving.worker import Generator, answer  # noqa: E402


@pytest.fixture(scope="module")
def generator(tiny_scan_grid_run):
    return Generator(tiny_scan_grid_run, 512, 96, None)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def asked(generator, script, **settings):
    """What a script of (predictions, models, service) gives, which speaks to a server over its port."""

    async def run():
        chosen = Settings(grpc_port=free_port(), **settings)
        service = Service(chosen, PlayedModel(lambda question: answer(generator, {**question, "seconds": 60}, print)))
        server = await grpc_service.start(service, chosen)
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{chosen.grpc_port}") as channel:
                predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
                return await script(predictions, model_service_pb2_grpc.ModelServiceStub(channel), service)
        finally:
            await server.stop(None)
            await service.close()

    return asyncio.run(run())


def request(inputs, signature="supersample", name="dlss", version=None):
    made = predict_pb2.PredictRequest()
    made.model_spec.name, made.model_spec.signature_name = name, signature
    if version is not None:
        made.model_spec.version.value = version
    for key, value in inputs.items():
        made.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return made


@pytest.fixture
def scan(rng):
    return rng.normal(1000, 30, (2, 20, 20)).astype(np.float32)


def test_predict_is_the_signature(generator, scan):
    async def script(predictions, models, service):
        return await predictions.Predict(request({"scan": scan, "factor": np.int32(5)}, version=1))

    response = asked(generator, script)
    expected = generator._served.by_name["supersample"](tf.constant(scan), tf.constant(5))["image"].numpy()
    np.testing.assert_allclose(tf.make_ndarray(response.outputs["image"]), expected, atol=1e-4 * np.ptp(expected))
    assert response.model_spec.name == "dlss" and response.model_spec.version.value == 1


def test_status_and_metadata(generator):
    async def script(predictions, models, service):
        metadata = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        metadata.model_spec.name = "dlss"
        status = get_model_status_pb2.GetModelStatusRequest()
        status.model_spec.name = "dlss"
        return await predictions.GetModelMetadata(metadata), await models.GetModelStatus(status)

    metadata, status = asked(generator, script)
    found = get_model_metadata_pb2.SignatureDefMap()
    metadata.metadata["signature_def"].Unpack(found)
    scan = found.signature_def["supersample"].inputs["scan"]
    assert scan.dtype == tf.float32.as_datatype_enum and [each.size for each in scan.tensor_shape.dim] == [-1] * 3
    assert status.model_version_status[0].state == get_model_status_pb2.ModelVersionStatus.AVAILABLE


@pytest.mark.parametrize(
    ("made", "code", "sentence"),
    [
        (request({}, name="half"), "NOT_FOUND", r"Servable not found for request: Latest\(half\)"),
        (request({}, version=7), "NOT_FOUND", r"Servable not found for request: Specific\(dlss, 7\)"),
        (request({}, "nothing"), "INVALID_ARGUMENT", 'Serving signature name: "nothing" not found'),
        (request({"x": 1}), "INVALID_ARGUMENT", "input names: expected factor, scan, found x"),
        (
            request({"scan": 1.0, "factor": 5}),
            "INVALID_ARGUMENT",
            r"scan: expected shape .any, any, any., found",
        ),
        (request({"scan": [[[1]]], "factor": 5}), "INVALID_ARGUMENT", "scan: expected float32, found int32"),
        (request({"scan": [[[1.0]]], "factor": 5}), "INVALID_ARGUMENT", "expected samples a side 20 found 1 1"),
    ],
)
def test_refuses(generator, made, code, sentence):
    async def script(predictions, models, service):
        await predictions.Predict(made)

    with pytest.raises(grpc.RpcError, match=sentence) as caught:
        asked(generator, script)
    assert caught.value.code().name == code


def test_other_methods_and_refusals_have_codes(generator, scan):
    async def script(predictions, models, service):
        async def busy(request):
            raise Refused(429, "expected fewer")

        with pytest.raises(grpc.RpcError) as unknown:
            await predictions.Classify(classification_pb2.ClassificationRequest())
        await service.signatures()
        service.batches.submit = busy
        with pytest.raises(grpc.RpcError) as refused:
            await predictions.Predict(request({"scan": scan, "factor": np.int32(5)}))
        return unknown.value.code().name, refused.value.code().name

    assert asked(generator, script) == ("UNIMPLEMENTED", "RESOURCE_EXHAUSTED")


def test_the_token(generator, scan):
    async def script(predictions, models, service):
        made = request({"scan": scan, "factor": np.int32(5)})
        with pytest.raises(grpc.RpcError) as caught:
            await predictions.Predict(made, metadata=[("authorization", "Bearer another")])
        assert caught.value.code().name == "UNAUTHENTICATED"
        return await predictions.Predict(made, metadata=[("authorization", "Bearer secret")])

    assert asked(generator, script, token="secret").outputs["image"].tensor_shape.dim[0].size == 2


def test_a_port_that_is_taken_is_a_sentence(generator):
    async def script(predictions, models, service):
        with pytest.raises(InputError, match="expected a free port, found one that is taken"):
            await grpc_service.start(service, service.settings)

    asked(generator, script)
