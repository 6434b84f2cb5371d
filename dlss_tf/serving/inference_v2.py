"""The Open Inference Protocol, version 2, as KServe's and Triton's clients speak it, with binary tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from .._version import __version__
from ..errors import InputError
from ..inference import runtimes
from ..inference.options import IMAGES, Options
from . import json_tensors
from .batches import Refused
from .bodies import body
from .settings import MODEL, VERSION
from .tfs_rest import ERRORS, answer, service_of

router = APIRouter(tags=["Open Inference Protocol"])

HEADER = "Inference-Header-Content-Length"  # bytes of JSON before the binary tensors
DTYPES: dict[str, np.dtype] = {
    **{"FP32": np.dtype("<f4"), "FP16": np.dtype("<f2"), "FP64": np.dtype("<f8"), "UINT8": np.dtype("u1")},
    **{"UINT16": np.dtype("<u2"), "INT8": np.dtype("i1"), "INT16": np.dtype("<i2"), "INT32": np.dtype("<i4")},
    **{"UINT32": np.dtype("<u4"), "INT64": np.dtype("<i8"), "UINT64": np.dtype("<u8")},
}
PLATFORMS = {"onnx": "onnxruntime_onnx", "tensorflow": "tensorflow"}  # by runtime, as the protocol calls them
INPUTS = [
    {"name": "scan", "datatype": "FP32", "shape": [-1, -1, -1]},
    {"name": "factor", "datatype": "INT32", "shape": [1]},
]
TENSOR = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "datatype": {"type": "string"},
        "parameters": {"type": "object"},
        "data": {"type": "array"},
    },
}
INFER_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "id": {"type": "string"},
                        "parameters": {"type": "object"},
                        "inputs": {"type": "array", "items": TENSOR},
                        "outputs": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}


@router.get("/v2", responses=ERRORS)
async def server() -> dict[str, Any]:
    """Name, version and extensions of this server."""
    return {"name": "dlss_tf", "version": __version__, "extensions": ["binary_tensor_data"]}


@router.get("/v2/health/live", responses=ERRORS)
async def live() -> dict[str, bool]:
    """That this server answers."""
    return {"live": True}


@router.get("/v2/health/ready", responses=ERRORS)
async def ready(request: Request) -> Response:
    """Whether the generator can be asked; 503 while its worker starts, or the server stops."""
    return _readiness(request, {})


@router.get("/v2/models/{model}", responses=ERRORS)
@router.get("/v2/models/{model}/versions/{version}", responses=ERRORS)
async def metadata(request: Request, model: str, version: str | None = None) -> dict[str, Any]:
    """Inputs and outputs: scans [b, h, w] and a factor, images [b, factor h, factor w]."""
    _check_model(model, version)
    settings = service_of(request).settings
    platform = PLATFORMS["tensorflow" if settings.backend else runtimes.chosen(settings.runtime)]
    outputs = [{"name": name, "datatype": "FP32", "shape": [-1, -1, -1]} for name in IMAGES]
    return {"name": MODEL, "versions": [VERSION], "platform": platform, "inputs": INPUTS, "outputs": outputs}


@router.get("/v2/models/{model}/ready", responses=ERRORS)
@router.get("/v2/models/{model}/versions/{version}/ready", responses=ERRORS)
async def model_ready(request: Request, model: str, version: str | None = None) -> Response:
    """Whether the generator can be asked."""
    _check_model(model, version)
    return _readiness(request, {"name": MODEL})


@router.post("/v2/models/{model}/infer", responses=ERRORS, openapi_extra=INFER_BODY, response_model=None)
@router.post(
    "/v2/models/{model}/versions/{version}/infer", responses=ERRORS, openapi_extra=INFER_BODY, response_model=None
)
async def infer(request: Request, model: str, version: str | None = None) -> Response:
    """Images of scans; the fields of Options are parameters of the request, such as {"uncertainty": true}."""
    _check_model(model, version)
    service = service_of(request)
    with service.admitted():
        content = await body(request, service.settings.most_bytes)
        question, binary = _split(content, request.headers.get(HEADER))
        inputs, parameters = _inputs(question, binary), question.get("parameters", {})
        scan, factor, options = _scan(inputs), _factor(inputs), options_of(parameters)
        names = _wanted(question.get("outputs"), options)
        made = await service.supersample(scan, factor, options)
    images = {name: made[name] for name in names if name in made}
    outputs, parts = _outputs(images, question.get("outputs"), parameters)
    described: dict[str, Any] = {"model_name": MODEL, "model_version": VERSION, "outputs": outputs}
    described["id"] = str(question.get("id", ""))
    if made["said"]:
        described["parameters"] = {"remarks": "; ".join(made["said"])}
    if not parts:
        return answer(described)
    header = json_tensors.dumped(described)
    media = "application/octet-stream"
    return Response(b"".join([header, *parts]), media_type=media, headers={HEADER: str(len(header))})


def options_of(parameters: Any) -> Options:
    """The fields of Options among a request's parameters; InputError for a value that is none of theirs."""
    if not isinstance(parameters, dict):
        raise InputError(f"parameters: expected an object, found {type(parameters).__name__}")
    chosen = {}
    for field in dataclasses.fields(Options):
        value = parameters.get(field.name, field.default)
        if (
            field.name != "deblur"
            and not isinstance(value, bool)
            or field.name == "deblur"
            and not (value is None or isinstance(value, str))
        ):
            raise InputError(
                f"{field.name}: expected {'a name' if field.name == 'deblur' else 'true or false'}, found {value!r}"
            )
        chosen[field.name] = value
    return Options(**chosen)


def _readiness(request: Request, more: dict[str, Any]) -> Response:
    service = service_of(request)
    is_ready = service.model.available.is_set() and not service.stopping.is_set()
    return answer({**more, "ready": is_ready}, 200 if is_ready else 503)


def _check_model(model: str, version: str | None) -> None:
    if model != MODEL or version not in (None, VERSION):
        raise Refused(404, f"model: expected {MODEL}, version {VERSION}, found {model}, version {version or VERSION}")


def _split(content: bytes, header: str | None) -> tuple[dict[str, Any], memoryview]:
    """The request in JSON, and the bytes of binary tensors after it."""
    if header is not None and not (header.isdecimal() and int(header) <= len(content)):
        raise InputError(f"{HEADER}: expected at most the body's {len(content)} bytes, found {header}")
    size = len(content) if header is None else int(header)
    question = json_tensors.parsed(content[:size])
    if not isinstance(question, dict):
        raise InputError("request: expected a JSON object, found another value")
    return question, memoryview(content)[size:]


def _inputs(question: Mapping[str, Any], binary: memoryview) -> dict[str, np.ndarray]:
    given = question.get("inputs")
    if not isinstance(given, list):
        raise InputError("inputs: expected a list of tensors, found none")
    found = {}
    for each in given:
        name, dtype, shape = _described(each)
        size = (
            each.get("parameters", {}).get("binary_data_size") if isinstance(each.get("parameters", {}), dict) else None
        )
        count = int(np.prod(shape, dtype=object))
        if size is None:
            found[name] = _of_json(name, each.get("data"), dtype, shape, count)
            continue
        if not isinstance(size, int) or size != count * dtype.itemsize or size > len(binary):
            raise InputError(f"{name}: expected {count * dtype.itemsize} bytes of its shape, found {size}")
        found[name] = np.frombuffer(binary[:size], dtype).reshape(shape)
        binary = binary[size:]
    return found


def _described(tensor: Any) -> tuple[str, np.dtype, list[int]]:
    if not isinstance(tensor, dict):
        raise InputError("inputs: expected tensors, found others")
    shape: Any = tensor.get("shape")
    kind: Any = tensor.get("datatype")
    if not isinstance(shape, list) or not all(isinstance(side, int) and 0 <= side < 2**40 for side in shape):
        raise InputError(f"{tensor.get('name')}: expected a shape, found {shape}")
    if not isinstance(kind, str) or kind not in DTYPES:
        raise InputError(f"{tensor.get('name')}: expected a datatype out of {', '.join(DTYPES)}, found {kind}")
    return str(tensor.get("name")), DTYPES[kind], shape


def _of_json(name: str, data: Any, dtype: np.dtype, shape: list[int], count: int) -> np.ndarray:
    try:
        array = np.asarray(data)
        if array.dtype.kind not in "iuf" or dtype.kind != "f" and array.dtype.kind == "f":
            raise ValueError
        if dtype.kind != "f" and array.size:
            limits = np.iinfo(dtype)
            if array.min() < limits.min or array.max() > limits.max:
                raise ValueError
        with np.errstate(over="ignore"):
            tensor = array.astype(dtype)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"{name}: expected numbers of its datatype as data, found others") from None
    if tensor.size != count:
        raise InputError(f"{name}: expected {count} values for shape {shape}, found {tensor.size}")
    return tensor.reshape(shape)


def _scan(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    if "scan" not in inputs:
        raise InputError("scan: expected a tensor [b, h, w], found none")
    if inputs["scan"].ndim not in (2, 3):
        raise InputError(f"scan: expected shape [b, h, w], found {list(inputs['scan'].shape)}")
    return inputs["scan"]


def _factor(inputs: Mapping[str, np.ndarray]) -> int:
    factor = inputs.get("factor", np.zeros(0, int))
    if factor.size != 1 or factor.dtype.kind not in "iu":
        raise InputError(f"factor: expected one whole number, found a tensor of shape {list(factor.shape)}")
    return int(factor.reshape(()))


def _wanted(outputs: Any, options: Options) -> list[str]:
    """Names of the outputs that are asked for: all if none is."""
    if outputs is None or outputs == []:
        return list(IMAGES)
    if not isinstance(outputs, list) or not all(isinstance(each, dict) for each in outputs):
        raise InputError("outputs: expected a list of objects, found another value")
    names = [each.get("name") for each in outputs]
    there = ("image", *options.beside)
    if any(name not in there for name in names):
        raise InputError(f"outputs: expected of {', '.join(there)}, found {', '.join(map(str, names))}")
    return [str(name) for name in names]


def _outputs(
    images: Mapping[str, np.ndarray], wanted: Any, parameters: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Descriptions of the outputs, with the data of those in JSON; and the bytes of the binary ones."""
    all_binary = bool(parameters.get("binary_data_output", False))
    binary = {}
    for each in wanted or []:
        own = each.get("parameters")
        binary[each.get("name")] = bool(own.get("binary_data", all_binary)) if isinstance(own, dict) else all_binary
    described, parts = [], []
    for name, image in images.items():
        image = image.astype("<f4", copy=False)
        tensor: dict[str, Any] = {"name": name, "datatype": "FP32", "shape": list(image.shape)}
        if binary.get(name, all_binary):
            parts.append(image.tobytes())
            tensor["parameters"] = {"binary_data_size": image.nbytes}
        else:
            tensor["data"] = np.ascontiguousarray(image).reshape(-1)
        described.append(tensor)
    return described, parts
