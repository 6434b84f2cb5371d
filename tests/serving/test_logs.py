import json
import logging
import sys

from dlss_tf.serving.logs import JsonFormatter


def line(*arguments, **extra):
    record = logging.makeLogRecord({"levelname": "WARNING", "msg": arguments[0], "args": arguments[1:], **extra})
    return json.loads(JsonFormatter().format(record))


def test_a_record_is_a_line_with_what_it_has_beside():
    found = line("request %s", "a\x1b[2J\n", status=200, route="/api")
    assert found["event"] == r"request a\x1b[2J\n" and found["level"] == "warning"
    assert found["status"] == 200 and found["route"] == "/api" and found["time"].endswith("Z")


def test_an_exception_is_told():
    try:
        raise KeyError("x")
    except KeyError:
        found = line("failed", exc_info=sys.exc_info())
    assert found["exception"] == "KeyError: 'x'" and "test_logs" in found["trace"]
