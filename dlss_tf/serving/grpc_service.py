"""TensorFlow Serving's gRPC: PredictionService and ModelService, for clients of tensorflow-serving-api.

Its messages hold TensorFlow's tensors: the port costs this process TensorFlow's import.
"""

from __future__ import annotations

import hmac
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from ..errors import InputError
from .batches import Refused
from .json_tensors import check_shape
from .service import Service
from .settings import MODEL, VERSION, Settings
from .tfs_rest import DEFAULT, predicted, signature_def, signature_of

OVERHEAD = 2**20  # bytes of a message beside its tensors
LATEST = int(VERSION)


async def start(service: Service, settings: Settings) -> Any:
    """The gRPC server, which listens.

    Raises:
        InputError: the port is taken.
    """
    most = settings.most_bytes + OVERHEAD
    options = {"grpc.max_receive_message_length": most, "grpc.max_send_message_length": -1, "grpc.so_reuseport": 0}
    server = grpc.aio.server(options=list(options.items()))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_Predictions(service), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(_Models(service), server)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        server.add_insecure_port(f"{host}:{settings.grpc_port}")
    except RuntimeError:
        raise InputError(f"--grpc-port {settings.grpc_port}: expected a free port, found one that is taken") from None
    await server.start()
    return server


class _Answers:
    """What both services have in common: who may ask, and how they are refused."""

    def __init__(self, service: Service):
        self._service = service

    async def _check(self, context: Any, spec: Any) -> None:
        token = self._service.settings.token
        given = dict(context.invocation_metadata() or ()).get("authorization", "")
        if token and not hmac.compare_digest(str(given).encode(), f"Bearer {token}".encode()):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "expected the server's token, found none or another")
        version = spec.version.value if spec.HasField("version") else LATEST
        if spec.name != MODEL or version != LATEST:
            asked = f"Specific({spec.name}, {version})" if spec.HasField("version") else f"Latest({spec.name})"
            await context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {asked}")

    async def _refuse(self, context: Any, refusal: Refused) -> None:
        codes = grpc.StatusCode
        code = {
            **{400: codes.INVALID_ARGUMENT, 413: codes.INVALID_ARGUMENT, 429: codes.RESOURCE_EXHAUSTED},
            **{503: codes.UNAVAILABLE, 504: codes.DEADLINE_EXCEEDED, 507: codes.RESOURCE_EXHAUSTED},
        }
        await context.abort(code.get(refusal.status, codes.INTERNAL), refusal.sentence)


class _Predictions(_Answers, prediction_service_pb2_grpc.PredictionServiceServicer):
    """PredictionService: Predict and GetModelMetadata; no signature of ours classifies or regresses."""

    async def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Outputs of a signature."""
        await self._check(context, request.model_spec)
        name = request.model_spec.signature_name or DEFAULT
        try:
            signature = await signature_of(self._service, name)
            inputs = await self._service.in_thread(_inputs, request, signature["inputs"])
            outputs = await predicted(self._service, name, inputs)
        except InputError as error:
            await self._refuse(context, Refused(400, str(error)))
        except Refused as error:
            await self._refuse(context, error)
        response = predict_pb2.PredictResponse()
        response.model_spec.name, response.model_spec.signature_name = MODEL, name
        response.model_spec.version.value = LATEST
        wanted = list(request.output_filter) or list(outputs)
        for each in wanted:
            if each not in outputs:
                await self._refuse(context, Refused(400, f"output tensor alias not found in signature: {each}"))
            response.outputs[each].CopyFrom(tf.make_tensor_proto(outputs[each]))
        return response

    async def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Inputs and outputs of each signature."""
        await self._check(context, request.model_spec)
        if list(request.metadata_field) != ["signature_def"]:
            await self._refuse(context, Refused(400, "Metadata field not supported: expected signature_def"))
        try:
            found = await self._service.signatures()
        except Refused as error:
            await self._refuse(context, error)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name, response.model_spec.version.value = MODEL, LATEST
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, each in found.items():
            json_format.ParseDict({**signature_def(name, each), "defaults": {}}, signatures.signature_def[name])
        response.metadata["signature_def"].Pack(signatures)
        return response


class _Models(_Answers, model_service_pb2_grpc.ModelServiceServicer):
    """ModelService: GetModelStatus."""

    async def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        """AVAILABLE, or LOADING while the worker starts."""
        await self._check(context, request.model_spec)
        states = get_model_status_pb2.ModelVersionStatus
        available = self._service.model.available.is_set()
        status = states(version=LATEST, state=states.AVAILABLE if available else states.LOADING)
        return get_model_status_pb2.GetModelStatusResponse(model_version_status=[status])


def _inputs(request: Any, specs: dict[str, Any]) -> dict[str, Any]:
    """Arrays, or lists of bytes, as `specs` has them; InputError for others."""
    if set(request.inputs) != set(specs):
        raise InputError(f"input names: expected {', '.join(sorted(specs))}, found {', '.join(sorted(request.inputs))}")
    found: dict[str, Any] = {}
    for name, proto in request.inputs.items():
        spec = specs[name]
        try:
            array = tf.make_ndarray(proto)
        except (TypeError, ValueError) as error:
            raise InputError(f"{name}: expected a tensor, found a damaged one ({error})") from None
        if tf.as_dtype(proto.dtype).name != spec["dtype"]:
            raise InputError(f"{name}: expected {spec['dtype']}, found {tf.as_dtype(proto.dtype).name}")
        check_shape(name, array.shape, spec["shape"])
        found[name] = [bytes(each) for each in np.atleast_1d(array)] if spec["dtype"] == "string" else array
    return found
