"""A folder that is watched: each new scan goes through the server's generator, for whoever looks at the page."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from .. import micrograph
from ..errors import gathered, sentence
from ..formats import digests
from ..interfaces.arrivals import POLL, arrivals
from ..interfaces.results import source_of
from .api import described, result_of
from .batches import Refused

if TYPE_CHECKING:
    from ..formats.image import Micrograph
    from .service import Service

log = logging.getLogger(__name__)


class _Stopped(Exception):
    """The server stops."""


class Live:
    """Of one server's folder; `newest` is what its last scan became, or {"error": a sentence}; with its `name`."""

    def __init__(self, service: Service, folder: str, factor: int):
        self._service, self._folder, self._factor = service, folder, factor
        self.count = 0
        self.newest: dict[str, Any] = {}
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="live", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._stop.set()

    def _wait(self) -> None:
        if self._stop.wait(POLL):
            raise _Stopped

    def _watch(self) -> None:
        try:
            for path in arrivals(self._folder, wait=self._wait):
                came = time.monotonic()
                try:
                    with gathered() as said:
                        scan = micrograph.read(path)
                    source = source_of(scan, os.path.basename(path), digests.of_file(path))
                    done = asyncio.run_coroutine_threadsafe(self._complete(path, scan, said, came, source), self._loop)
                    self._say(done.result())
                except Exception as error:  # whatever it is, the next scan may do
                    told = error.sentence if isinstance(error, Refused) else sentence(path, error)
                    name = os.path.basename(path)
                    self._say({"error": told.replace(path, name), "name": name})
        except (_Stopped, RuntimeError):  # or its event loop has ended
            pass

    def _say(self, event: dict[str, Any]) -> None:
        self.newest = event
        self.count += 1

    async def _complete(
        self, path: str, scan: Micrograph, said: list[str], came: float, source: dict[str, Any]
    ) -> dict[str, Any]:
        settings = self._service.settings
        outputs = await self._service.supersample(scan.data, self._factor, settings.options)
        name = os.path.basename(path)
        told = [each.replace(path, name) for each in said]
        made = await self._service.in_thread(result_of, scan, outputs, self._factor, name, told, came, source)
        return {**described(self._service.kept.add(made)), "name": name}
