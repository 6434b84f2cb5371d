"""TensorFlow Serving's REST API: status, metadata, predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from ..errors import InputError
from . import forward, json_tensors
from .batches import Refused
from .bodies import json_body
from .service import Service
from .settings import MODEL, VERSION

router = APIRouter(tags=["TensorFlow Serving"])

DEFAULT = "serving_default"
PREDICT = "tensorflow/serving/predict"
JSON = "application/json"
_SCHEMA = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"description": what, "content": {JSON: {"schema": _SCHEMA}}}
    for code, what in {
        **{400: "Bad input", 401: "No token", 403: "Asked by another site's page", 404: "Not here", 413: "Too large"},
        **{
            422: "A bad parameter",
            429: "Too many wait",
            500: "A fault of ours",
            502: "No backend",
            503: "No worker, or it ended",
        },
        **{503: "No worker, or it ended", 504: "Too late", 507: "Too little memory or disk"},
    }.items()
}
PREDICT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "properties": {"signature_name": {"type": "string"}, "instances": {}, "inputs": {}},
                },
                "example": {"signature_name": "supersample", "inputs": {"scan": [[[0.0]]], "factor": 5}},
            }
        },
    }
}


def service_of(request: Request) -> Service:
    """The service of the server that got the request."""
    return request.app.state.service


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer of values and arrays."""
    return Response(json_tensors.dumped(value), status, media_type=JSON)


@router.get("/v1/models/{model}", responses=ERRORS, response_model=None)
@router.get("/v1/models/{model}/versions/{version}", responses=ERRORS, response_model=None)
async def status(request: Request, model: str, version: str | None = None) -> Response:
    """State of the model: AVAILABLE, or LOADING while its worker starts."""
    if service_of(request).settings.backend:
        return await _forwarded(request)
    check_servable(model, version)
    available = service_of(request).model.available.is_set()
    state = {"version": VERSION, "state": "AVAILABLE" if available else "LOADING"}
    return answer({"model_version_status": [{**state, "status": {"error_code": "OK", "error_message": ""}}]})


@router.get("/v1/models/{model}/metadata", responses=ERRORS, response_model=None)
@router.get("/v1/models/{model}/versions/{version}/metadata", responses=ERRORS, response_model=None)
async def metadata(request: Request, model: str, version: str | None = None) -> Response:
    """Inputs and outputs of each signature."""
    if service_of(request).settings.backend:
        return await _forwarded(request)
    check_servable(model, version)
    found = await service_of(request).signatures()
    defs = {name: signature_def(name, each) for name, each in found.items()}
    spec = {"name": model, "signature_name": "", "version": VERSION}
    return answer({"model_spec": spec, "metadata": {"signature_def": {"signature_def": defs}}})


@router.post("/v1/models/{model}:predict", responses=ERRORS, openapi_extra=PREDICT_BODY, response_model=None)
@router.post(
    "/v1/models/{model}/versions/{version}:predict", responses=ERRORS, openapi_extra=PREDICT_BODY, response_model=None
)
async def predict(request: Request, model: str, version: str | None = None) -> Response:
    """Outputs of a signature, `supersample` for example, in the row or column format of the request."""
    service = service_of(request)
    if service.settings.backend:
        return await _forwarded(request)
    check_servable(model, version)
    with service.admitted():
        question = await service.in_thread(json_tensors.parsed, await json_body(request, service.settings))
        name = question.get("signature_name", DEFAULT) if isinstance(question, dict) else DEFAULT
        signature = await signature_of(service, name)
        inputs, rows = json_tensors.inputs(question, signature["inputs"])
        outputs = await predicted(service, name or DEFAULT, inputs)
        content = await service.in_thread(json_tensors.dumped, json_tensors.outputs(outputs, rows))
    return Response(content, media_type=JSON)


@router.post("/v1/models/{model}:{verb}", include_in_schema=False)
@router.post("/v1/models/{model}/versions/{version}:{verb}", include_in_schema=False)
async def other(request: Request, model: str, verb: str, version: str | None = None) -> Response:
    """Classify and regress: no signature of ours is of that kind."""
    if service_of(request).settings.backend:
        return await _forwarded(request)
    check_servable(model, version)
    if verb not in ("classify", "regress"):
        raise Refused(400, f"Malformed request: POST /v1/models/{model}:{verb}")
    kind = "classification" if verb == "classify" else "regression"
    raise Refused(400, f"Expected {kind} signature method_name to be tensorflow/serving/{verb}. Was: {PREDICT}")


async def _forwarded(request: Request) -> Response:
    """What the TensorFlow Serving that has the generator answers."""
    service = service_of(request)
    with service.admitted():
        content = await json_body(request, service.settings) if request.method == "POST" else None
        base = forward.model_url(str(service.settings.backend)).partition("/v1/models/")[0]
        try:
            code, said = await service.in_thread(
                forward.fetch, base + request.url.path, content, service.settings.seconds
            )
        except forward.Unavailable as error:
            raise Refused(502, str(error)) from None
    return Response(said, code, media_type=JSON)


def check_servable(model: str, version: str | None) -> None:
    """Refused, as TensorFlow Serving does it, unless it is the model that is served."""
    if model != MODEL or version not in (None, VERSION):
        asked = f"Latest({model})" if version is None else f"Specific({model}, {version})"
        raise Refused(404, f"Servable not found for request: {asked}")


async def signature_of(service: Service, name: Any) -> Mapping[str, Any]:
    """Inputs and outputs of a signature; InputError if there is none of that name."""
    found = (await service.signatures()).get(str(name) or DEFAULT)
    if found is None:
        raise InputError(f'Serving signature name: "{name}" not found in signature def')
    return found


async def predicted(service: Service, signature: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs for inputs by name; a factor that is the same for all rows does not keep them apart."""
    inputs = dict(inputs)
    fixed = {}
    if "factor" in inputs:
        factor = np.unique(inputs.pop("factor"))
        fixed["factor"] = factor[0] if factor.size == 1 else factor
    shapes = tuple((name, np.shape(each)[1:] if isinstance(each, np.ndarray) else "") for name, each in inputs.items())
    outputs = await service.predict(signature, inputs, fixed, shapes)
    return {name: each for name, each in outputs.items() if isinstance(each, (np.ndarray, list))}


def signature_def(name: str, signature: Mapping[str, Any]) -> dict[str, Any]:
    """As the JSON of a SignatureDef."""
    return {
        **{what: _tensors(name, signature[what]) for what in ("inputs", "outputs")},
        **{"method_name": PREDICT, "defaults": {}},
    }


def _tensors(signature: str, specs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "dtype": json_tensors.DTYPES[spec["dtype"]],
            "tensor_shape": {
                "dim": [{"size": str(-1 if side is None else side), "name": ""} for side in spec["shape"] or []],
                "unknown_rank": spec["shape"] is None,
            },
            "name": f"{signature}_{name}:0",
        }
        for name, spec in specs.items()
    }
