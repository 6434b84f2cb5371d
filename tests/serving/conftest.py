"""Servers for tests: real ones in a process of their own, and services whose worker is played by the test."""

import asyncio
import contextlib
import subprocess
import sys
import threading

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")


@contextlib.contextmanager
def running(*arguments):
    """`dlss-tf serve` with these arguments, at a free port: its process, its address, and lines it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dlss_tf.cli", "serve", "--port", "0", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    errors = []
    reader = threading.Thread(target=lambda: errors.extend(process.stderr), daemon=True)
    reader.start()
    try:
        line = process.stdout.readline()
        if not line:
            reader.join(10)
            raise RuntimeError(f"no server: {errors}")
        yield process, line.split()[0], errors
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        reader.join(10)
        process.stderr.close()


@pytest.fixture(scope="session")
def server(tiny_scan_grid_run):
    """Address of a server with a tiny generator, images of 96 px in TensorFlow Serving's protocol, small limits."""
    limits = ("--most-bytes", 3_000_000, "--most-pixels", 4_000_000, "--seconds", 60)
    with running("--weights", tiny_scan_grid_run, "--size", 96, *limits) as (_, url, _):
        yield url


@pytest.fixture(scope="session")
def supersampler(tiny_scan_grid_run):
    """What that server is to give the images of."""
    from dlss_tf import Supersampler

    return Supersampler(tiny_scan_grid_run)


@pytest.fixture
def web(server):
    """A client of that server."""
    import httpx

    with httpx.Client(base_url=server, timeout=120) as client:
        yield client


class PlayedModel:
    """A `model.Model` whose worker is a function of the question."""

    def __init__(self, answers, described=None):
        self.answers, self.described, self.starts = answers, described or {}, 1
        self.available = asyncio.Event()
        self.available.set()
        self.asked = []

    async def start(self):
        pass

    async def ask(self, question, seconds, on_progress=lambda *_: None):
        self.asked.append(question)
        answer = self.answers(question)
        return await answer if asyncio.iscoroutine(answer) else answer

    async def close(self):
        pass


@contextlib.asynccontextmanager
async def in_process(settings, answers, described=None):
    """A client of the application in this process, whose worker is played; and its service."""
    import httpx

    from dlss_tf.serving import app
    from dlss_tf.serving.service import Service

    web = app.create(settings)
    web.state.service = service = Service(settings, PlayedModel(answers, described))
    try:
        await service.start()
        transport = httpx.ASGITransport(web, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client, service
    finally:
        await service.close()


def enlarged(question):
    """A worker's answer without a generator: samples repeated."""
    import numpy as np

    image = np.repeat(np.repeat(question["arrays"]["scan"], question["factor"], 1), question["factor"], 2)
    told = {"said": [[] for _ in question["counts"]], "history": "enlarged"}
    return {"image": image.astype(np.float32), **told, "provenance": {"factor": question["factor"]}}
