import asyncio

import pytest
from serving.conftest import enlarged, in_process

from dlss_tf.serving.settings import Settings

OPEN = Settings()
LOCKED = Settings(host="0.0.0.0", token="a-long-token")


def status(settings, path="/api/info", method="GET", **headers):
    async def ask():
        async with in_process(settings, enlarged) as (web, _):
            return await web.request(
                method, path, headers={key.replace("_", "-"): each for key, each in headers.items()}
            )

    return asyncio.run(ask()).status_code


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/static/style.css", "/v2/health/live"])
def test_without_a_token_there_is_the_page_and_nothing_else(path):
    assert status(LOCKED, path) == 200
    for other in ("/api/info", "/metrics", "/v1/models/dlss", "/v2/models/dlss", "/api/live", "/nothing"):
        assert status(LOCKED, other) == 401


def test_the_token():
    assert status(LOCKED, authorization="Bearer a-long-token") == 200
    for other in ("Bearer another", "a-long-token", "Bearer ", "Bearer ü"):
        assert status(LOCKED, authorization=other.encode("latin-1")) == 401


@pytest.mark.parametrize("host", ["localhost", "localhost:8501", "127.0.0.1:99", "[::1]:8501"])
def test_this_machines_names(host):
    assert status(OPEN, host=host) == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.1.2", ""])
def test_another_name_for_this_machine_is_refused(host):
    assert status(OPEN, host=host) == 403


def test_pages_of_other_sites_are_refused():
    assert status(OPEN, origin="http://evil.example") == 403
    assert status(LOCKED, origin="http://evil.example", authorization="Bearer a-long-token") == 403
    assert status(OPEN, "/api/results", "POST", origin="null") == 403
    assert status(OPEN, origin="http://localhost") == 200


def test_headers_of_every_answer():
    async def ask():
        async with in_process(OPEN, enlarged) as (web, _):
            return [await web.get(path) for path in ("/", "/api/info", "/nothing")]

    for answer in asyncio.run(ask()):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["X-Request-Id"]


def test_a_line_of_log_and_metrics_without_what_was_sent(caplog):
    async def ask():
        async with in_process(OPEN, enlarged) as (web, _):
            asked = {"factor": 5, "name": "secret-specimen.npy"}
            await web.post("/api/supersample", params=asked, content=b"secret bytes")
            return (await web.get("/metrics")).text

    with caplog.at_level("INFO", logger="dlss_tf"):
        text = asyncio.run(ask())
    line = next(record for record in caplog.records if record.getMessage() == "request")
    assert (line.route, line.method, line.status, line.bytes_in) == ("/api/supersample", "POST", 400, 12)
    assert "secret" not in str([vars(record) for record in caplog.records]) + text
    assert 'dlss_requests_total{method="POST",route="/api/supersample",status="400"} 1.0' in text
