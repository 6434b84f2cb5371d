"""Log lines as JSON on stderr: what happened, when, to which request; nothing of what clients send."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

from ..errors import shown

_OF_RECORDS = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """A line a record, with its `extra`; of an exception its type and last words."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": shown(record.getMessage()),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OF_RECORDS}
        if record.exc_info and record.exc_info[1]:
            line["exception"] = shown(f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}")
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def start() -> None:
    """Have this package's and the web server's loggers speak so."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name, level in (("dlss_tf", logging.INFO), ("uvicorn", logging.WARNING), ("asyncio", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
