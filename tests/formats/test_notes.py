import numpy as np
import pytest

from dlss_tf.formats import notes

MADE = {
    "command": "supersample",
    "factor": 5,
    "options": {"refine": False, "deblur": "wiener"},
    "source": {"file": 'a "b"\\\n\x1b[2J\u2028é\udcfe.dm4', "low": -0.5, "provenance": {"command": "downsample"}},
}


def test_lines_can_be_read_and_read_back():
    lines = notes.lines(["scanned", "supersampled by 5"], MADE)
    assert lines[:4] == ["scanned", "supersampled by 5", 'dlss_tf.command: "supersample"', "dlss_tf.factor: 5"]
    assert 'dlss_tf.source.provenance.command: "downsample"' in lines
    assert all(line.isprintable() for line in lines) and "é" in "".join(lines)
    assert notes.split(lines) == (("scanned", "supersampled by 5"), MADE)


def test_other_lines_stay_history():
    lines = ("dlss_tf made it", "dlss_tf.: 3", "dlss_tf.a", " dlss_tf.a: 3", "")
    assert notes.split(lines) == (lines, {})


@pytest.mark.parametrize(
    "lines",
    [
        ["dlss_tf.a: nothing"],
        ["dlss_tf.a: [1]"],
        ["dlss_tf.a: null"],
        ["dlss_tf.a: NaN"],
        ["dlss_tf.a: 1e999"],
        ["dlss_tf.a: 1", "dlss_tf.a.b: 1"],
        ["dlss_tf.a: " + "[" * 20_000],
        ["dlss_tf.a: " + "1" * 5000],
        ["dlss_tf.a: 9007199254740992"],
        ['dlss_tf.a: "' + "x" * 50_000 + '"'],
        [f"dlss_tf.a{number}: 1" for number in range(1000)],
        ["dlss_tf." + "a" * 50 + ": 1"],
    ],
)
def test_what_is_no_plain_data_is_nothing(lines):
    assert notes.split(["scanned", *lines]) == (("scanned",), {})


def test_plain_data_of_other_kinds_become_ours():
    found = notes.checked({"a": np.int64(5), "b": np.bool_(True), "c": np.float32(0.5), "d": np.str_("x"), "e": {}})
    assert found == {"a": 5, "b": True, "c": 0.5, "d": "x", "e": {}}
    assert [type(value) for value in found.values()] == [int, bool, float, str, dict]


@pytest.mark.parametrize("found", [None, 3, "a", [], {1: 2}, {"a": [1]}, {"a": None}, {"a b": 1}, {"a": {"b": b"c"}}])
def test_what_is_not_is_nothing(found):
    assert notes.checked(found) == {}


def test_what_lies_too_deep_is_left_out():
    deep = {"version": "0"}
    for _ in range(50):
        deep = {"version": "1", "source": {"provenance": deep}}
    found, levels = notes.checked(deep), 0
    while found:
        found, levels = found.get("source", {}).get("provenance"), levels + 1
    assert 5 < levels < 12


def test_info_has_title_and_history_too():
    text = notes.info("gold", ("scanned",), MADE)
    assert text.splitlines()[:3] == ["Title: gold", "History: scanned", 'dlss_tf.command: "supersample"']
    assert notes.of_info(text) == ("gold", ("scanned",), MADE)
    for other in ("", "Title: gold\nanother", "a\nHistory: b"):
        assert notes.of_info(other) == ("", (), {})
