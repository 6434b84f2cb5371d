"""What every protocol asks for: images of scans, outputs of signatures, results; within the limits of the server."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..formats import processes, values
from ..inference import memory
from ..inference.options import IMAGES, Options
from ..lattice import check_factor
from .batches import EXACT_IN_FLOAT32, Batches, Refused, Request
from .idle import WhenIdle
from .kept import Kept
from .metrics import Metrics
from .model import Model, OnProgress
from .settings import Settings

if TYPE_CHECKING:
    from .live import Live

MOST_ENDED = 1000  # jobs whose end a client may still ask for


class Service:
    """Of one server; to be made where its event loop runs."""

    def __init__(self, settings: Settings, model: Model | None = None):
        self.settings = settings
        self.metrics = Metrics()
        self.model = model or Model(settings.worker)
        self.metrics.available.set_function(lambda: float(self.model.available.is_set()))
        self.batches = Batches(self.model, self.metrics, settings.waiting, settings.seconds)
        self.stopping = asyncio.Event()
        self.kept = Kept(settings.kept_bytes)
        self.metrics.kept.set_function(lambda: float(len(self.kept)))
        self.live: Live | None = None
        self.jobs: dict[str, dict[str, int]] = {}  # how far requests are whose clients ask; {} while they wait
        self.ended: deque[str] = deque(maxlen=MOST_ENDED)  # jobs that were among these
        self._admitted = 0
        self._idle = WhenIdle(memory.give_back)
        self._threads = ThreadPoolExecutor(processes.MOST, "files")
        self._folder = tempfile.TemporaryDirectory(prefix="dlss_tf-serve-", ignore_cleanup_errors=True)
        self._signatures: tuple[int, dict[str, Any]] | None = None

    @property
    def folder(self) -> str:
        """For files that come and go."""
        return self._folder.name

    async def start(self) -> None:
        """Until the generator can be asked.

        Raises:
            InputError: it cannot be, or the folder to watch is none.
            WorkerEnded: its worker ends at once.
        """
        if self.settings.watch is not None and not os.path.isdir(self.settings.watch):
            raise InputError(f"{self.settings.watch}: expected a folder to watch, found none")
        await self.model.start()
        if self.settings.watch is not None and self.settings.factor is not None:
            from .live import Live

            self.live = Live(self, self.settings.watch, self.settings.factor)

    @contextlib.contextmanager
    def admitted(self, job: str | None = None) -> Iterator[OnProgress]:
        """A request whose body may be taken in: what it is to report to.

        Raises:
            Refused: as many as may wait have been let in and are not answered.
        """
        if self._admitted >= self.settings.waiting:
            self.metrics.refused.inc()
            raise Refused(429, f"expected at most {self.settings.waiting} requests, found as many", self.batches.wait())
        self._admitted += 1
        self.metrics.admitted.inc()
        if job is not None:
            self.jobs[job] = {}

        def report(done: int, of: int) -> None:
            if job in self.jobs:
                self.jobs[job] = {"done": done, "of": of}

        try:
            with self._idle:
                yield report
        finally:
            self._admitted -= 1
            self.metrics.admitted.dec()
            if job is not None:
                self.jobs.pop(job, None)
                self.ended.append(job)

    async def close(self) -> None:
        """End the worker; nothing is left."""
        self.stopping.set()
        if self.live:
            self.live.close()
        await self.batches.close()
        await self.model.close()
        self._threads.shutdown(wait=False)
        self._folder.cleanup()

    async def in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Work with files, beside the event loop; Refused with 400 for an InputError."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except InputError as error:
            raise Refused(400, str(error)) from None

    async def supersample(
        self, scan: np.ndarray, factor: int, options: Options, on_progress: OnProgress = lambda *_: None
    ) -> dict[str, Any]:
        """`options.IMAGES` that are asked for, [..., factor h, factor w] each, of a scan [..., h, w].

        Also the line of their `history`, their `provenance`, and `said`: what is remarked of the scan.

        Raises:
            Refused: bad input, or no outputs for another reason.
        """
        try:
            factor = check_factor(factor)
            scan = values.real("scan", scan)
        except InputError as error:
            raise Refused(400, str(error)) from None
        if scan.ndim < 2 or 0 in scan.shape:
            raise Refused(400, f"scan: expected an image [h, w] or a stack of them, found shape {list(scan.shape)}")
        stack = scan.reshape(-1, *scan.shape[-2:])
        pixels = stack.size * factor**2
        self._check_pixels(pixels)
        joins = scan.dtype.str[1:] in EXACT_IN_FLOAT32
        outputs = await self.batches.submit(
            Request(
                {"kind": "supersample", "factor": factor, "options": dataclasses.asdict(options)},
                {"scan": stack},
                rows=len(stack),
                pixels=pixels,
                key=("supersample", scan.dtype.str, stack.shape[1:], factor, options) if joins else object(),
                on_progress=on_progress,
            )
        )
        size = [factor * side for side in scan.shape[-2:]]
        images = {name: outputs[name].reshape(*scan.shape[:-2], *size) for name in IMAGES if name in outputs}
        return {**images, **{name: outputs[name] for name in ("said", "history", "provenance")}}

    async def predict(
        self, signature: str, arrays: dict[str, Any], fixed: dict[str, Any], shapes: Any
    ) -> dict[str, Any]:
        """The outputs of a signature: `arrays` are inputs of a row an image, `fixed` others.

        Requests of the same signature, `fixed` inputs and `shapes` go together.
        """
        rows = max((len(each) for each in arrays.values()), default=0)
        pixels = rows * self.settings.size**2
        self._check_pixels(pixels)
        return await self.batches.submit(
            Request(
                {"kind": "predict", "signature": signature, "fixed": fixed},
                arrays,
                rows,
                pixels,
                key=(
                    "predict",
                    signature,
                    tuple((name, np.asarray(each).tobytes()) for name, each in fixed.items()),
                    shapes,
                ),
            )
        )

    async def signatures(self) -> dict[str, Any]:
        """Of the worker's signatures, as `worker.Generator.signatures`."""
        if self._signatures is None or self._signatures[0] != self.model.starts:
            question = {"kind": "describe"}
            found = await self.batches.submit(Request(question, {}, rows=1, pixels=0, key=object()))
            self._signatures = self.model.starts, found
        return self._signatures[1]

    def _check_pixels(self, pixels: int) -> None:
        if pixels > self.settings.most_pixels:
            raise Refused(
                413, f"scan: expected images of at most {self.settings.most_pixels} px in all, found {pixels}"
            )
