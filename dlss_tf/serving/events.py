"""Server-sent events: how far a request is, and what comes into a watched folder."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi.responses import StreamingResponse

if TYPE_CHECKING:
    from .service import Service

STEP = 0.2  # s between looks
QUIET = 15.0  # s after which a stream that has nothing to say shows that it is still there
UNKNOWN = 30.0  # s that a job may be unknown, whose request has not come yet


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """An answer that goes on; proxies are told not to keep it."""
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


async def of_job(service: Service, job: str) -> AsyncIterator[bytes]:
    """The states of a request that was admitted as `job`: {"waiting": n} or {"done": n, "of": m}; {} at its end."""
    known, last, spoken = False, None, time.monotonic()
    began = spoken
    while not service.stopping.is_set():
        state = service.jobs.get(job)
        if state is None and (known or job in service.ended or time.monotonic() - began > UNKNOWN):
            break
        known = known or state is not None
        now = {"waiting": len(service.batches)} if state == {} else state
        if now is not None and now != last:
            last, spoken = dict(now), time.monotonic()
            yield _event(now)
        elif time.monotonic() - spoken > QUIET:
            spoken = time.monotonic()
            yield b": still there\n\n"
        await asyncio.sleep(STEP)
    yield _event({})


async def of_live(service: Service) -> AsyncIterator[bytes]:
    """What the newest result of the watched folder is, then that of each that comes."""
    seen, spoken = 0, time.monotonic()
    while not service.stopping.is_set():
        if service.live is not None and service.live.count != seen:
            seen, spoken = service.live.count, time.monotonic()
            yield _event(service.live.newest)
        elif time.monotonic() - spoken > QUIET:
            spoken = time.monotonic()
            yield b": still there\n\n"
        await asyncio.sleep(STEP)


def _event(value: Any) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()
