"""Requests to a TensorFlow Serving elsewhere, and its answers as they are."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request

from ..errors import InputError, reason
from .settings import MODEL

LONGEST = 300.0  # s for an answer


class Unavailable(RuntimeError):
    """The server does not answer as a TensorFlow Serving does: one sentence."""


def model_url(url: str) -> str:
    """Where its model is: `url` itself if that names one, else its model called dlss.

    Raises:
        InputError: it is no address of a web server.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise InputError(f"backend: expected an address such as http://localhost:8501, found {url}")
    return url.rstrip("/") if "/v1/models/" in parts.path else f"{url.rstrip('/')}/v1/models/{MODEL}"


def fetch(url: str, body: bytes | None = None, seconds: float = LONGEST) -> tuple[int, bytes]:
    """Status and body of its answer, to a POST if there is a body to send.

    Raises:
        Unavailable: it does not answer.
    """
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{url}: expected a TensorFlow Serving, found: {reason(error)}") from None
