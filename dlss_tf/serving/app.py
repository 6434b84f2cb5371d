"""The web application: every protocol's routes, errors as each has them, and who may ask."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from .._version import __version__
from ..errors import InputError
from . import api, inference_v2, page, tfs_rest
from .batches import Refused
from .guard import Guard
from .settings import Settings
from .tfs_rest import answer

DESCRIPTION = (
    "Supersamples scans of scanning transmission electron microscopes. `/api` takes files, `/v1` is TensorFlow "
    "Serving's REST API, `/v2` the Open Inference Protocol."
)


def create(settings: Settings) -> FastAPI:
    """The application; `app.state.service` is to be its service."""
    app = FastAPI(title="dlss_tf", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None)
    for each in (api, tfs_rest, inference_v2, page):
        app.include_router(each.router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(InputError, _bad_input)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_middleware(Guard, settings=settings)
    return app


async def _refused(request: Request, error: Any) -> Response:
    response = answer({"error": error.sentence}, error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _bad_input(request: Request, error: Any) -> Response:
    return answer({"error": str(error)}, 400)


async def _invalid(request: Request, error: Any) -> Response:
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"][1:])) or "request"
    return answer({"error": f"{name}: {first['msg']}"}, 422)


async def _http(request: Request, error: Any) -> Response:
    if request.url.path.startswith("/v1/") and error.status_code in (404, 405):
        return answer({"error": f"Malformed request: {request.method} {request.url.path}"}, error.status_code)
    response = answer({"error": str(error.detail)}, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _gone(request: Request, error: Any) -> Response:
    return answer({"error": "body: expected all of it, found its end"}, 400)
