"""Bodies of requests: never more than is allowed, in memory or in a file of our own naming."""

from __future__ import annotations

import os
import secrets

from fastapi import Request

from .batches import Refused
from .settings import Settings

MOST_JSON = 2**26  # bytes


async def body(request: Request, most: int) -> bytes:
    """All of it; Refused with 413 if it has more bytes than `most`."""
    _check_announced(request, most)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        _check(size, most)
        parts.append(part)
    return b"".join(parts)


async def json_body(request: Request, settings: Settings) -> bytes:
    """As `body`, of numbers in text, which take many times its memory."""
    return await body(request, min(settings.most_bytes, MOST_JSON))


async def into_file(request: Request, folder: str, suffix: str, most: int) -> str:
    """The path of a file that holds it, named by us; there is none if this raises.

    Raises:
        Refused: it has more bytes than `most`, none, or there is no room for it.
    """
    _check_announced(request, most)
    path, size = os.path.join(folder, f"{secrets.token_hex(8)}{suffix}"), 0
    try:
        with open(path, "wb") as file:
            async for part in request.stream():
                size += len(part)
                _check(size, most)
                file.write(part)
        if not size:
            raise Refused(400, "body: expected a file, found nothing")
    except BaseException as error:
        if os.path.exists(path):
            os.remove(path)
        if isinstance(error, OSError):
            raise Refused(507, "body: expected room for it on the server's disk, found none") from None
        raise
    return path


def _check_announced(request: Request, most: int) -> None:
    announced = request.headers.get("content-length", "0")
    _check(int(announced) if announced.isdecimal() else 0, most)


def _check(size: int, most: int) -> None:
    if size > most:
        raise Refused(413, f"body: expected at most {most} bytes, found more")
