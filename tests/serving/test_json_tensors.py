"""The examples are those of TensorFlow Serving's documentation of its REST API."""

import base64
import json
import math

import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.serving.json_tensors import dumped, inputs, outputs, parsed

SPECS = {
    "tag": {"dtype": "string", "shape": [None]},
    "signal": {"dtype": "float32", "shape": [None, 5]},
    "sensor": {"dtype": "int32", "shape": [None, 2, 2]},
}
TAGS, SIGNALS = [b"foo", b"bar"], [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]]
SENSORS = [[[1, 2], [3, 4]], [[4, 5], [6, 8]]]
ROWS = {
    "instances": [
        {"tag": "foo", "signal": [1, 2, 3, 4, 5], "sensor": [[1, 2], [3, 4]]},
        {"tag": "bar", "signal": [3, 4, 1, 2, 5], "sensor": [[4, 5], [6, 8]]},
    ]
}
COLUMNS = {"inputs": {"tag": ["foo", "bar"], "signal": SIGNALS, "sensor": SENSORS}}
ALONE = {"x": {"dtype": "float32", "shape": [None]}}


@pytest.mark.parametrize(("request_", "rows"), [(ROWS, True), (COLUMNS, False)])
def test_rows_and_columns_are_the_same_tensors(request_, rows):
    found, as_rows = inputs(request_, SPECS)
    assert as_rows == rows and found["tag"] == TAGS
    assert found["signal"].tolist() == SIGNALS and found["signal"].dtype == np.float32
    assert found["sensor"].tolist() == SENSORS and found["sensor"].dtype == np.int32


@pytest.mark.parametrize(
    ("request_", "value"),
    [
        ({"instances": [1.0, 2.0, 5.0]}, [1, 2, 5]),
        ({"instances": [{"x": 1.0}, {"x": 2.0}]}, [1, 2]),
        ({"inputs": [1.0, 2.0]}, [1, 2]),
        ({"inputs": {"x": [1.0, 2.0]}}, [1, 2]),
    ],
)
def test_the_only_input_needs_no_name(request_, value):
    assert inputs(request_, ALONE)[0]["x"].tolist() == value


def test_bytes_are_base64():
    specs = {"image": {"dtype": "string", "shape": [None]}, "caption": {"dtype": "string", "shape": [None]}}
    examples = [
        {"image": {"b64": "aW1hZ2UgYnl0ZXM="}, "caption": "seaside"},
        {"image": {"b64": "YXdlc29tZSBpbWFnZSBieXRlcw=="}, "caption": "mountains"},
    ]
    found, _ = inputs({"instances": examples}, specs)
    assert found == {"image": [b"image bytes", b"awesome image bytes"], "caption": [b"seaside", b"mountains"]}
    only = {"image_bytes": {"dtype": "string", "shape": [None]}}
    assert inputs({"instances": [{"b64": "aW1hZ2UgYnl0ZXM="}]}, only)[0] == {"image_bytes": [b"image bytes"]}
    assert inputs({"inputs": {"b64": "aW1hZ2UgYnl0ZXM="}}, only)[0] == {"image_bytes": [b"image bytes"]}


def test_outputs():
    tensors = {"image_bytes": [b"\xff\x00", b"a"], "name": [b"x", b"y"], "low": np.array([1.5, 2.5], np.float32)}
    encoded = [{"b64": base64.b64encode(each).decode()} for each in tensors["image_bytes"]]
    columns = json.loads(dumped(outputs(tensors, rows=False)))
    assert columns == {"outputs": {"image_bytes": encoded, "name": ["x", "y"], "low": [1.5, 2.5]}}
    rows = json.loads(dumped(outputs(tensors, rows=True)))
    assert rows["predictions"][1] == {"image_bytes": encoded[1], "name": "y", "low": 2.5}
    assert json.loads(dumped(outputs({"y": np.array([3.5, 4.0])}, rows=True))) == {"predictions": [3.5, 4.0]}
    assert json.loads(dumped(outputs({"y": np.array([3.5, 4.0])}, rows=False))) == {"outputs": [3.5, 4.0]}


def test_nan_and_infinity_are_javascripts():
    found = parsed(b'{"inputs": [1.0, -3.14, NaN, Infinity, -Infinity]}')["inputs"]
    assert math.isnan(found[2]) and found[3:] == [math.inf, -math.inf]
    assert dumped({"outputs": np.array([np.nan, np.inf])}) == b'{"outputs": [NaN, Infinity]}'


def test_float32_comes_back_exactly(rng):
    values = rng.normal(size=1000).astype(np.float32)
    np.testing.assert_array_equal(np.array(json.loads(dumped({"a": values}))["a"], np.float32), values)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ([], "Request must be a JSON object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"inputs": [1], "instances": [1]}, "only one of"),
        ({"instances": []}, "'instances' must be a list that is not empty"),
        ({"instances": 3}, "'instances' must be a list"),
        ({"instances": [{"y": 1}]}, "Expected inputs named x, found y"),
        ({"instances": [{"x": 1}, {"y": 1}]}, "Expected instances with the same inputs"),
        ({"instances": ["a"]}, "x: expected a tensor of type DT_FLOAT"),
        ({"instances": [[1, 2], [3]]}, "x: expected a tensor of type DT_FLOAT"),
        ({"instances": [[1, 2]]}, r"x: expected shape \[any\], found \[1, 2\]"),
        ({"inputs": {"x": []}}, r"x: expected shape \[any\], found \[0\]"),
        ({"inputs": {"x": {"b64": "aa"}}}, "x: expected a tensor of type DT_FLOAT"),
    ],
)
def test_refuses(request_, sentence):
    with pytest.raises(InputError, match=sentence):
        inputs(request_, ALONE)


@pytest.mark.parametrize(("value", "sentence"), [({"b64": "?"}, "expected base64"), (3, "expected strings, or bytes")])
def test_refuses_bytes(value, sentence):
    with pytest.raises(InputError, match=sentence):
        inputs({"instances": [value]}, {"a": {"dtype": "string", "shape": [None]}})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"nul"])
def test_what_is_no_json_is_a_sentence(body):
    with pytest.raises(InputError, match="^JSON Parse error: "):
        parsed(body)
