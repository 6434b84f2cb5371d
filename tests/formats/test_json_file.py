import os

import pytest

from dlss_tf.formats import json_file
from dlss_tf.formats.json_file import read_json


def test_reads(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1, "ü"]}', encoding="utf-8")
    assert read_json(tmp_path / "a.json") == {"a": [1, "ü"]}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 200_000, b"1" * 2000, b"9" * 10_000])
def test_anything_else_is_a_value_error(tmp_path, content, monkeypatch):
    monkeypatch.setattr(json_file, "MOST_BYTES", 1000 if content[:1] == b"1" else 10**6)
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError):
        read_json(tmp_path / "a.json")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(ValueError, match="not a file"):
        read_json(tmp_path / "a.json")


def test_nothing_is_the_systems_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "a.json")
