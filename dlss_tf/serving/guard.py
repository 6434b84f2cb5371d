"""Around every request: who may ask, headers that protect the page, and a line of log and metrics."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import time
import urllib.parse
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .batches import FAULT
from .settings import Settings, is_loopback

log = logging.getLogger(__name__)

#: Without a token: what has no data in it, for balancers, and the page, which asks for the token.
OPEN = ("/", "/docs", "/openapi.json", "/v2/health/live", "/v2/health/ready")
OPEN_FOLDER = "/static/"
DRAINING = 10.0  # s
NO_BODY = ("GET", "HEAD", "OPTIONS")

SECURITY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Middleware of the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings):
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse it, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, identity = time.monotonic(), secrets.token_hex(8)
        headers, told = Headers(scope=scope), {"status": 500, "bytes_out": 0, "started": False}
        body = _Body(receive, headers)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await body.drain(2 * self._settings.most_bytes)
                told.update(status=message["status"], started=True)
                out = MutableHeaders(scope=message)
                out["X-Request-Id"] = identity
                for name, value in SECURITY.items():
                    out[name] = value
                out.setdefault("Cache-Control", "no-store")
                if not body.complete:
                    out["Connection"] = "close"  # or who sends without end would be listened to
            elif message["type"] == "http.response.body":
                told["bytes_out"] += len(message.get("body", b""))
            await send(message)

        try:
            refusal = self._refusal(scope, headers)
            if refusal:
                await _answer(sending, *refusal)
            else:
                await self._app(scope, body.receive, sending)
        except Exception:
            log.exception("request failed", extra={"request": identity})
            if not told["started"]:
                await _answer(sending, 500, FAULT)
        finally:
            self._tell(scope, headers, identity, told, time.monotonic() - began)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Status and sentence for who may not ask."""
        path, method = scope["path"], scope["method"]
        origin, host = headers.get("origin"), headers.get("host", "")
        if (
            origin not in (None, "null")
            and urllib.parse.urlsplit(origin).netloc != host
            or (origin == "null" and method not in NO_BODY)
        ):
            return 403, f"expected a request of this server's page, found one of {origin}"
        if not self._settings.token and not _is_local(host):  # a name that was made to mean this machine
            return 403, f"expected this machine's name as host, found {host}; give the server a token"
        if not self._settings.token or path in OPEN and method in NO_BODY or path.startswith(OPEN_FOLDER):
            return None
        given = headers.get("authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self._settings.token}".encode()):
            return None
        return 401, "expected 'Authorization: Bearer TOKEN' with the server's token, found " + (
            "another" if given else "none"
        )

    def _tell(self, scope: Scope, headers: Headers, identity: str, told: dict[str, Any], seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")  # never the path itself: what clients send is endless
        app = scope.get("app")
        service = getattr(getattr(app, "state", None), "service", None)
        if service is not None:
            service.metrics.requests.labels(route, scope["method"][:16], told["status"]).inc()
            service.metrics.seconds.labels(route).observe(seconds)
        size = headers.get("content-length", "0")
        log.info(
            "request",
            extra={
                **{"request": identity, "method": scope["method"][:16], "route": route, "status": told["status"]},
                **{"seconds": round(seconds, 4), "bytes_in": int(size) if size.isdecimal() else 0},
                **{"bytes_out": told["bytes_out"], "client": (scope.get("client") or ("",))[0]},
            },
        )


class _Body:
    """A request's body, of which whoever answers early reads some more: who still sends does not see an answer."""

    def __init__(self, receive: Receive, headers: Headers):
        self._receive = receive
        self.complete = "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"

    async def receive(self) -> Message:
        """The next message."""
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self.complete = True
        return message

    async def drain(self, most: int) -> None:
        """Read, and forget, up to so many bytes, for a while."""
        size, end = 0, time.monotonic() + DRAINING
        while not self.complete and size < most and time.monotonic() < end:
            try:
                message = await asyncio.wait_for(self.receive(), DRAINING)
            except asyncio.TimeoutError:
                return
            size += len(message.get("body", b""))


def _is_local(host: str) -> bool:
    name = urllib.parse.urlsplit(f"//{host}").hostname or ""
    return is_loopback(name)


async def _answer(send: Send, status: int, sentence: str) -> None:
    content = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
