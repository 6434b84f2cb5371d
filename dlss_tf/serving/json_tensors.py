"""Tensors in TensorFlow Serving's JSON: row and column format, base64 for bytes, NaN and Infinity as JavaScript's."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from ..errors import InputError

DTYPES = {
    "string": "DT_STRING",
    "float32": "DT_FLOAT",
    "int32": "DT_INT32",
    "float64": "DT_DOUBLE",
    "int64": "DT_INT64",
}

Spec = Mapping[str, Any]  # of an input or output: dtype, and shape, with None for a side of any length


def parsed(body: bytes) -> Any:
    """A body's value; InputError, as TensorFlow Serving says it, if it is none."""
    try:
        return orjson.loads(body)
    except ValueError:  # it may have NaN and Infinity
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InputError(f"JSON Parse error: {str(error).splitlines()[0]}") from None


def dumped(value: Any) -> bytes:
    """A value that may hold arrays, as JSON."""
    if _finite(value):
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    return json.dumps(value, default=lambda array: array.tolist()).encode()


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list) and value and isinstance(value[0], (dict, np.ndarray)):
        return all(map(_finite, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind != "f" or bool(np.isfinite(value).all())
    return not isinstance(value, float) or math.isfinite(value)


def inputs(request: Any, specs: Mapping[str, Spec]) -> tuple[dict[str, Any], bool]:
    """The inputs of a predict request by name, as `specs` has them, and whether it is in row format.

    Arrays, or lists of bytes for strings. What is missing is left to who knows the signature.

    Raises:
        InputError: it is none.
    """
    if not isinstance(request, dict):
        raise InputError("Request must be a JSON object")
    rows = "instances" in request
    if rows == ("inputs" in request):
        raise InputError(
            "Missing 'inputs' or 'instances' key"
            if not rows
            else "Not formatted correctly expecting only one of 'instances' or 'inputs' keys"
        )
    given = request["instances" if rows else "inputs"]
    if rows and not (isinstance(given, list) and given):
        raise InputError("Unexpected JSON type: 'instances' must be a list that is not empty")
    named = _columns(given, specs) if rows else given
    if not isinstance(named, dict) or _is_bytes(named):
        named = {_only(specs): named}
    if set(named) != set(specs):
        raise InputError(
            f"Expected inputs named {', '.join(sorted(specs))}, found {', '.join(sorted(map(str, named)))}"
        )
    return {name: _tensor(name, value, specs[name]) for name, value in named.items()}, rows


def outputs(tensors: Mapping[str, Any], rows: bool) -> dict[str, Any]:
    """The body of an answer: arrays, or lists of bytes, by name; one alone without its name."""
    values = {name: _value(name, tensor) for name, tensor in tensors.items()}
    if len(values) == 1:
        (value,) = values.values()
        return {"predictions" if rows else "outputs": value}
    if not rows:
        return {"outputs": values}
    count = min(len(value) for value in values.values())
    return {"predictions": [{name: value[i] for name, value in values.items()} for i in range(count)]}


def _columns(rows: list[Any], specs: Mapping[str, Spec]) -> Any:
    """Rows of inputs by name, as columns; rows of the only input stay as they are."""
    if not isinstance(rows[0], dict) or _is_bytes(rows[0]):
        return rows
    if any(not isinstance(row, dict) or set(row) != set(rows[0]) for row in rows):
        raise InputError("Expected instances with the same inputs each, found others")
    return {name: [row[name] for row in rows] for name in rows[0]}


def _only(specs: Mapping[str, Spec]) -> str:
    if len(specs) != 1:
        raise InputError(f"Expected inputs by name, {', '.join(sorted(specs))}, found one without")
    return next(iter(specs))


def _is_bytes(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"b64"}


def _tensor(name: str, value: Any, spec: Spec) -> Any:
    if spec["dtype"] == "string":
        return [_bytes(name, each) for each in (value if isinstance(value, list) else [value])]
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iufb" or spec["dtype"].startswith("int") and array.dtype.kind != "i":
            raise ValueError
        tensor = array.astype(spec["dtype"])
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"{name}: expected a tensor of type {DTYPES[spec['dtype']]}, found other values") from None
    check_shape(name, tensor.shape, spec["shape"])
    return tensor


def check_shape(name: str, found: tuple[int, ...], expected: list[int | None] | None) -> None:
    """InputError unless a tensor's shape is that of its specification."""
    if expected is not None and (
        len(found) != len(expected) or any(side not in (None, n) for n, side in zip(found, expected)) or 0 in found
    ):
        sides = ["any" if side is None else side for side in expected]
        raise InputError(f"{name}: expected shape [{', '.join(map(str, sides))}], found {list(found)}")


def _bytes(name: str, value: Any) -> bytes:
    if _is_bytes(value):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise InputError(f"{name}: expected base64, found other characters") from None
    if isinstance(value, str):
        return value.encode()
    raise InputError(f"{name}: expected strings, or bytes as {{'b64': ...}}, found others")


def _value(name: str, tensor: Any) -> Any:
    if isinstance(tensor, np.ndarray):
        return np.ascontiguousarray(tensor)
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(each).decode()} for each in tensor]
    return [each.decode(errors="replace") for each in tensor]
