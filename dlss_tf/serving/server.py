"""`dlss-tf serve`: the web server, the gRPC port, and their end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from ..errors import InputError, reason
from ..inference import memory
from ..packages import install
from . import app as application
from . import logs
from .model import WorkerEnded
from .service import Service
from .settings import Settings

BACKLOG = 2048
ANY = ("0.0.0.0", "::")  # all of this machine's addresses


class _Server(uvicorn.Server):
    """Streams of events end as soon as it is to stop: other requests are waited for."""

    def __init__(self, config: uvicorn.Config, service: Service):
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: object) -> None:
        """Stop; a second Ctrl-C does not wait. uvicorn would raise the signal again and end all before it is left."""
        self._service.stopping.set()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish what was taken; `say` is told where, once it can be asked.

    Raises:
        InputError: it cannot be served so, in one sentence.
    """
    settings = settings.with_token()
    logs.start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, until the web server has its own
    with contextlib.closing(_listening(settings.host, settings.port)) as listening:
        memory.keep_little()
        try:
            asyncio.run(_serve(settings, listening, say))
        except WorkerEnded as error:
            raise InputError(f"serve: expected the generator's process to start, found that {error}") from None


async def _serve(settings: Settings, listening: socket.socket, say: Callable[[str], None]) -> None:
    service = Service(settings)
    web = application.create(settings)
    silent: Any = {"log_config": None, "access_log": False, "server_header": False}
    config = uvicorn.Config(web, timeout_keep_alive=30, backlog=BACKLOG, lifespan="off", **silent)
    server = _Server(config, service)
    try:
        await service.start()
        web.state.service = service
        rpc = None
        if settings.grpc_port is not None:
            rpc = await _grpc().start(service, settings)
        _announce(settings, listening, say)
        await server.serve([listening])
        if rpc:
            await rpc.stop(settings.seconds)
    finally:
        await service.close()


def _grpc() -> Any:
    try:
        from . import grpc_service
    except ImportError as error:
        raise InputError(f"--grpc-port: expected its packages, found no {error.name}; {install('serve')}") from None
    return grpc_service


def _listening(host: str, port: int) -> socket.socket:
    try:
        (family, *_, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # of TCP by name: else asyncio lets the end of a short answer wait 40 ms
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            # had again once a server has ended, not beside one: on Windows SO_REUSEADDR would allow that
            reuse = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
            listening.setsockopt(socket.SOL_SOCKET, reuse, 1)
            listening.bind(address)
            listening.listen(BACKLOG)  # before its address is told
        except OSError:
            listening.close()
            raise
    except (OSError, OverflowError) as error:
        raise InputError(f"--host {host} --port {port}: expected a free port, found: {reason(error)}") from None
    return listening


def _announce(settings: Settings, listening: socket.socket, say: Callable[[str], None]) -> None:
    host, port = listening.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    say(f"{url} serves {settings.backend or settings.weights or 'the pretrained generator'}; stop it with Ctrl-C")
    if settings.token:
        say(f"token: {settings.token}")
        if host in ANY:  # which nobody can go to
            say(f"others: http://{socket.gethostname()}:{port}/#token={settings.token}")
    if settings.grpc_port is not None:
        say(f"gRPC: {host}:{settings.grpc_port}")
