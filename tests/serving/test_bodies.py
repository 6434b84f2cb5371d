import asyncio
import os
from pathlib import Path

import pytest
from fastapi import Request

from dlss_tf.serving import bodies
from dlss_tf.serving.batches import Refused
from dlss_tf.serving.settings import Settings


def request(*parts, announced=None):
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])
    headers = [] if announced is None else [(b"content-length", str(announced).encode())]

    async def receive():
        return next(waiting)

    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def test_a_body_is_all_of_its_parts():
    assert asyncio.run(bodies.body(request(b"ab", b"c"), 3)) == b"abc"


@pytest.mark.parametrize("asked", [request(b"ab", b"cd"), request(announced=4)])
def test_more_than_may_be_is_refused_as_soon_as_it_is_known(asked):
    with pytest.raises(Refused, match="body: expected at most 3 bytes, found more") as caught:
        asyncio.run(bodies.body(asked, 3))
    assert caught.value.status == 413


def test_numbers_in_text_have_a_lower_limit(monkeypatch):
    monkeypatch.setattr(bodies, "MOST_JSON", 3)
    with pytest.raises(Refused, match="at most 3 bytes"):
        asyncio.run(bodies.json_body(request(b"abcd"), Settings()))


def test_a_file_has_a_name_of_ours_and_is_gone_if_it_is_too_long(tmp_path):
    path = asyncio.run(bodies.into_file(request(b"ab", b"c"), str(tmp_path), ".dm4", 3))
    assert os.path.dirname(path) == str(tmp_path) and path.endswith(".dm4")
    assert Path(path).read_bytes() == b"abc"
    os.remove(path)
    for asked in (request(b"ab", b"cd"), request()):
        with pytest.raises(Refused):
            asyncio.run(bodies.into_file(asked, str(tmp_path), ".dm4", 3))
    assert not os.listdir(tmp_path)


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    class Full:
        def __enter__(self):
            raise OSError(28, "No space left on device")

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("builtins.open", lambda *_: Full())
    with pytest.raises(Refused, match="expected room for it on the server's disk") as caught:
        asyncio.run(bodies.into_file(request(b"ab"), str(tmp_path), "", 3))
    assert caught.value.status == 507
