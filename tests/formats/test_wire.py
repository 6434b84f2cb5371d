import io
import json
import struct

import numpy as np
import pytest

from dlss_tf.formats import wire


def sent(value, most=10**6):
    stream = io.BytesIO()
    wire.send(stream, value)
    stream.seek(0)
    return wire.receive(stream, most)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, 2.5, "µ\ud800\x1b", True, None], "b": {"c": (1, (2,))}, "": b"\x00\xff"},
        [float("inf"), -0.0, 10**40],
        [["l", []], ("a", "<f4", [2])],  # what looks like a message of its own
    ],
)
def test_plain_values_stay_as_they_are(value):
    found = sent(value)
    assert found == value and repr(found) == repr(value)


@pytest.mark.parametrize("dtype", ["u1", ">i2", "<f4", ">f8", "c8", "bool", "S3", "<U2", "M8[s]"])
@pytest.mark.parametrize("shape", [(), (0, 3), (4,), (2, 3, 4)])
def test_arrays_stay_as_they_are(dtype, shape):
    array = np.zeros(shape, dtype)
    if array.size and array.dtype.kind in "iufc":
        array.reshape(-1)[:] = np.arange(array.size) - 1
    found = sent({"one": array, "two": array.T})
    for name, each in (("one", array), ("two", array.T)):
        assert found[name].dtype == array.dtype and found[name].flags.writeable
        np.testing.assert_array_equal(found[name], each)


def test_single_numbers_keep_their_type():
    found = sent([np.float32(1.5), np.float64(2.0), np.int64(3), np.bool_(True)])
    assert [type(each) for each in found] == [np.float32, np.float64, np.int64, np.bool_]
    assert sent([np.str_("a"), np.bytes_(b"a\0")]) == ["a", b"a\0"]  # as arrays they would lose zeros at their end


def test_what_is_no_plain_value_becomes_text_or_a_list():
    assert sent([object, {1}]) == ["<class 'object'>", "{1}"]
    assert sent(np.array([1, "a", None], object)) == [1, "a", None]
    assert sent(np.array([(1, 2.0)], "i4,f4")) == [(1, 2.0)]


def message(header, content=b""):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return io.BytesIO(struct.pack("<Q", len(header)) + header + content)


@pytest.mark.parametrize(
    "header",
    [
        b"\xff",
        b"[" * 10**5,
        ["x", 1],
        ["a", "O", [1]],
        ["a", "<f4", [-1]],
        ["a", "(1000,)f4", [1]],
        ["a", "no type", [1]],
        ["a", "<f4", ["x"]],
        ["a"],
        ["d", [1]],
        ["b", 5],
        ["d", [[["l", []], 1]]],
    ],
)
def test_what_is_no_message_is_refused(header):
    with pytest.raises(wire.Unreadable):
        wire.receive(message(header))


def test_no_more_is_taken_than_was_to_be_expected():
    with pytest.raises(wire.TooMuch):
        wire.receive(message(["l", [["a", "<f4", [20]], ["a", "<f4", [6]]]], bytes(104)), 100)
    with pytest.raises(wire.TooMuch):
        wire.receive(io.BytesIO(struct.pack("<Q", 2**60)))
    for cut in (b"", b"\x01", struct.pack("<Q", 5) + b"1", message(["a", "<f4", [2]], bytes(7)).getvalue()):
        with pytest.raises(EOFError):
            wire.receive(io.BytesIO(cut))
