"""Files in, images out: what the page, instruments and scripts ask of the server."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from .._version import __version__
from ..errors import gathered
from ..formats.image import Micrograph
from ..inference.options import IMAGES
from ..interfaces.results import micrographs
from . import events, uploads
from .batches import Refused
from .bodies import into_file
from .depths import DEPTHS
from .kept import Result
from .service import Service
from .tfs_rest import ERRORS, service_of
from .uploads import Asked, Depth, Format, Wanted

router = APIRouter(prefix="/api", tags=["Files"])

FILE = {"type": "string", "format": "binary"}
UPLOAD = {
    "requestBody": {
        "required": True,
        "description": "The file's bytes, or raw numbers",
        "content": {uploads.BINARY: {"schema": FILE}},
    }
}
IMAGE: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    200: {
        "description": "The image; Dlss- headers tell its shape, pixel size and, of whole numbers, their range",
        "content": {media: {"schema": FILE} for media in sorted({uploads.BINARY, *uploads.MEDIA.values()})},
    },
}
EVENTS: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
}
What = Literal["scan", "image", "uncertainty", "guessed"]


@router.get("/info", responses=ERRORS)
async def info(request: Request) -> dict[str, Any]:
    """The generator, what can be sent, and the limits."""
    service = service_of(request)
    settings = service.settings
    return {
        "version": __version__,
        "generator": service.model.described,
        "formats": {"read": list(uploads.SENT), "written": list(uploads.FORMATS)},
        "depths": list(DEPTHS),
        "limits": {"bytes": settings.most_bytes, "pixels": settings.most_pixels, "seconds": settings.seconds},
        "live": settings.watch is not None,
    }


@router.post("/supersample", responses=IMAGE, openapi_extra=UPLOAD, response_class=Response)
async def supersample(request: Request, wanted: Annotated[Wanted, Query()]) -> Response:
    """The image of a scan, as a file or as raw numbers."""
    service = service_of(request)
    if wanted.what not in ("image", *wanted.options.beside):
        raise Refused(400, f"what: expected an image that is made, found {wanted.what}, which was not asked for")
    result = await made(request, service, wanted)
    headers = {"Dlss-Remarks": json.dumps(list(result.said))} if result.said else {}
    return await _file(service, result.images[wanted.what], wanted.what, wanted.format, wanted.depth, headers)


@router.post("/results", status_code=201, responses=ERRORS, openapi_extra=UPLOAD)
async def create(request: Request, asked: Annotated[Asked, Query()]) -> dict[str, Any]:
    """The image of a scan, kept for an hour, or until others need its room: what it is, and its identity."""
    service = service_of(request)
    return described(service.kept.add(await made(request, service, asked)))


@router.get("/results/{identity}", responses=ERRORS)
async def result(request: Request, identity: str) -> dict[str, Any]:
    """What a result is."""
    return described(_kept(request, identity))


@router.delete("/results/{identity}", status_code=204, responses=ERRORS)
async def remove(request: Request, identity: str) -> None:
    """Let go of a result."""
    if not service_of(request).kept.remove(identity):
        raise _gone(identity)


@router.get("/results/{identity}/{what}", responses=IMAGE, response_class=Response)
async def download(
    request: Request, identity: str, what: What, format: Format = "tif", depth: Depth = "float32"
) -> Response:
    """One of a result's images, or its scan, as a file or as raw numbers."""
    images = _kept(request, identity).images
    if what not in images:
        raise Refused(404, f"what: expected one of {', '.join(images)}, found {what}")
    return await _file(service_of(request), images[what], what, format, depth)


@router.get("/progress/{job}", responses=EVENTS, response_class=StreamingResponse)
async def progress(request: Request, job: str) -> StreamingResponse:
    """How far the request is that was sent with this `job`, until it is answered."""
    return events.stream(events.of_job(service_of(request), job))


@router.get("/live", responses=EVENTS, response_class=StreamingResponse)
async def live(request: Request) -> StreamingResponse:
    """Results of the watched folder's scans, as they come: what each is, the newest one first."""
    service = service_of(request)
    if service.settings.watch is None:
        raise Refused(404, "live: expected a server that watches a folder, found none; dlss-tf serve --watch FOLDER")
    return events.stream(events.of_live(service))


async def made(request: Request, service: Service, asked: Asked) -> Result:
    """The result for what a client sent."""
    began = time.monotonic()
    options, suffix = asked.options, asked.suffix
    with service.admitted(asked.job) as on_progress:
        path = await into_file(request, service.folder, suffix or ".raw", service.settings.most_bytes)
        scan, said, source = await service.in_thread(uploads.scan_in, path, asked)
        outputs = await service.supersample(scan.data, asked.factor, options, on_progress)
    return await service.in_thread(result_of, scan, outputs, asked.factor, asked.called, said, began, source)


def result_of(
    scan: Micrograph,
    outputs: dict[str, Any],
    factor: int,
    called: str,
    said: list[str],
    began: float,
    source: dict[str, Any],
) -> Result:
    """What the worker's outputs for a scan, called so and from that `source`, are."""
    images = {name: outputs[name] for name in IMAGES if name in outputs}
    with gathered() as more:
        provenance = {**outputs["provenance"], "source": source}
        results = micrographs(scan, images, factor, outputs["history"], None, called, provenance)
    remarks = tuple(sentence.replace("scan: ", f"{called}: ", 1) for sentence in outputs["said"])
    return Result({"scan": scan, **results}, factor, (*said, *remarks, *more), time.monotonic() - began)


def described(result: Result) -> dict[str, Any]:
    """A result in plain values."""
    return {
        "id": result.identity,
        "factor": result.factor,
        "seconds": round(result.seconds, 3),
        "remarks": list(result.said),
        "images": {name: uploads.described(image) for name, image in result.images.items()},
    }


async def _file(
    service: Service, image: Micrograph, what: str, form: str, depth: str, headers: dict[str, str] | None = None
) -> Response:
    content, told = await service.in_thread(uploads.written, image, form, depth, service.folder)
    name = uploads.file_name(image.title, what, form)
    told["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=uploads.MEDIA.get(form, uploads.BINARY), headers={**told, **(headers or {})})


def _kept(request: Request, identity: str) -> Result:
    found = service_of(request).kept.get(identity)
    if found is None:
        raise _gone(identity)
    return found


def _gone(identity: str) -> Refused:
    return Refused(404, f"result: expected one that is still kept, found none called {identity[:64]}")
