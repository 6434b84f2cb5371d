"""The page, its parts, and what Prometheus asks for."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from .batches import Refused
from .tfs_rest import ERRORS, service_of

router = APIRouter()

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PARTS = {path.name: path for path in STATIC.iterdir() if path.suffix in TYPES}  # no name of a client's is a path


@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """The page."""
    return _part("index.html")


@router.get("/docs", include_in_schema=False)
async def docs() -> FileResponse:
    """The description of the API, to be read."""
    return _part("docs.html")


@router.get("/static/{name}", include_in_schema=False)
async def part(name: str) -> FileResponse:
    """A part of the page."""
    return _part(name)


@router.get("/metrics", responses=ERRORS, response_class=Response, tags=["Operation"])
async def metrics(request: Request) -> Response:
    """Requests, queue, batches, latencies, worker, as Prometheus reads them."""
    return Response(service_of(request).metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _part(name: str) -> FileResponse:
    path = PARTS.get(name)
    if path is None:
        raise Refused(404, "static: expected a part of the page, found none of that name")
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"Cache-Control": "no-cache"})
