"""Requests wait in a bounded queue; what fits together goes through the generator together, and two batches at once."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from .metrics import Metrics
from .model import Model, OnProgress, WorkerEnded
from .settings import AT_ONCE

PIXELS_AT_ONCE = 1024 * 1024  # of output; as many as `inference.passes` sends through the generator at once
PIXELS_A_BATCH = PIXELS_AT_ONCE // AT_ONCE
LATE = 1.0  # s after its time that an answer is still waited for
EXACT_IN_FLOAT32 = ("u1", "i1", "u2", "i2", "f2", "f4")  # others are shifted by what a whole stack has in common

TOO_LATE = "expected to be done in {:g} s, found too much before it"
FAULT = "expected to be answered, found a fault of ours"

log = logging.getLogger(__name__)


class Refused(Exception):
    """A request without outputs: an HTTP status, a sentence, and when to try again, if that may help."""

    def __init__(self, status: int, sentence: str, retry_after: float | None = None):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence
        self.retry_after = None if retry_after is None else max(1, math.ceil(retry_after))


_loop = asyncio.get_running_loop
STATUS_OF = {"input": 400, "time": 504, "memory": 507, "backend": 502, "internal": 500}


@dataclasses.dataclass(eq=False)
class Request:
    """What is asked: `arrays` of as many rows each, which may be joined with those of requests of the same `key`.

    `question` is the rest of it. `pixels` are those of the output.
    """

    question: dict[str, Any]
    arrays: dict[str, Any]
    rows: int
    pixels: int
    key: Hashable
    on_progress: OnProgress = lambda *_: None
    expires: float = 0.0
    future: asyncio.Future[dict[str, Any]] = dataclasses.field(default_factory=lambda: _loop().create_future())


class Batches:
    """`await batches.submit(request)` -> the outputs of its rows.

    At most `waiting` requests wait, and each `seconds` at most, the generator's time included.
    """

    def __init__(self, model: Model, metrics: Metrics, waiting: int, seconds: float):
        self._model, self._metrics = model, metrics
        self.waiting, self.seconds = waiting, seconds
        self._queue: deque[Request] = deque()
        self._some = asyncio.Event()  # that came, or is done
        self._made: dict[asyncio.Task[None], int] = {}  # batches that are being made, and their pixels
        self._pace = 0.5  # s a request takes, smoothed
        self._task = asyncio.create_task(self._run())

    async def submit(self, request: Request) -> dict[str, Any]:
        """Its outputs.

        Raises:
            Refused: too many wait, it took too long, the worker ended, or what the worker refuses.
        """
        if len(self._queue) >= self.waiting:
            self._metrics.refused.inc()
            raise Refused(429, f"expected at most {self.waiting} requests to wait, found as many", self.wait())
        request.expires = time.monotonic() + self.seconds
        self._queue.append(request)
        self._metrics.waiting.set(len(self._queue))
        self._some.set()
        try:
            return await asyncio.wait_for(request.future, self.seconds + LATE)
        except asyncio.TimeoutError:
            raise Refused(504, TOO_LATE.format(self.seconds), self.wait()) from None
        finally:
            with contextlib.suppress(ValueError):  # it waits no more: nobody waits for it
                self._queue.remove(request)

    def __len__(self) -> int:
        """How many wait."""
        return len(self._queue)

    def wait(self) -> float:
        """Seconds, about, until what waits now is done."""
        return self._pace * (len(self._queue) + 1)

    async def close(self) -> None:
        """Take no more; what waits is refused."""
        for task in (self._task, *self._made):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        while self._queue:
            _settle(self._queue.popleft(), Refused(503, "expected a server that goes on, found one that stops"))

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            await self._model.available.wait()
            self._start()

    def _start(self) -> None:
        """What there is room for. Here no variable keeps a batch, and its images, while the next is waited for."""
        while self._queue and self._has_room(self._queue[0].pixels):
            batch = self._next()
            self._metrics.waiting.set(len(self._queue))
            if batch:
                self._made[asyncio.create_task(self._make(batch))] = sum(each.pixels for each in batch)

    def _has_room(self, pixels: int) -> bool:
        """Whether a batch of so many can be made beside those that are."""
        return not self._made or len(self._made) < AT_ONCE and sum(self._made.values()) + pixels <= PIXELS_AT_ONCE

    async def _make(self, batch: list[Request]) -> None:
        began = time.monotonic()
        await self._complete(batch)
        seconds = (time.monotonic() - began) / (len(batch) * len(self._made))
        self._pace += 0.2 * (seconds - self._pace)
        del self._made[asyncio.current_task()]  # type: ignore[arg-type]
        self._some.set()

    def _next(self) -> list[Request]:
        """The one that waits longest, and others that fit to it, in their order."""
        now = time.monotonic()
        while self._queue and (self._queue[0].future.done() or self._queue[0].expires < now):
            late = self._queue.popleft()
            _settle(late, Refused(504, TOO_LATE.format(self.seconds)))
        if not self._queue:
            return []
        batch = [self._queue.popleft()]
        pixels = batch[0].pixels
        for other in list(self._queue):
            if other.key == batch[0].key and pixels + other.pixels <= PIXELS_A_BATCH and not other.future.done():
                self._queue.remove(other)
                batch.append(other)
                pixels += other.pixels
        return batch

    async def _complete(self, batch: list[Request]) -> None:
        """Have it answered; if a batch is refused, for the sake of one maybe, each by itself."""
        seconds = max(each.expires for each in batch) - time.monotonic()
        arrays = {name: _joined([each.arrays[name] for each in batch]) for name in batch[0].arrays}
        question = {**batch[0].question, "counts": [each.rows for each in batch], "arrays": arrays}

        def report(done: int, of: int) -> None:
            for each in batch:
                each.on_progress(done, of)

        began = time.monotonic()
        try:
            answer = await self._model.ask(question, max(seconds, 0.01), report)
        except WorkerEnded as error:
            self._metrics.ended.inc()
            sentence = str(error)
            _settle_all(batch, lambda: Refused(503, f"{sentence}; a new one starts, send the request again", 5))
            return
        except Exception:  # or all who wait would wait for ever
            log.exception("batch failed")
            _settle_all(batch, lambda: Refused(500, FAULT))
            return
        if "error" in answer and len(batch) > 1 and answer["kind"] != "time":
            for each in batch:
                await self._complete([each])
            return
        self._metrics.batch.observe(len(batch))
        self._metrics.model_seconds.observe(time.monotonic() - began)
        if "error" in answer:
            _settle_all(batch, lambda: Refused(STATUS_OF[answer["kind"]], answer["error"]))
        else:
            _share(batch, answer)


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], list):
        return [each for part in parts for each in part]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _share(batch: list[Request], answer: dict[str, Any]) -> None:
    """Each request its rows of the outputs; what is no row each, all of it."""
    total, start = sum(each.rows for each in batch), 0
    for number, each in enumerate(batch):
        rows = slice(start, start + each.rows)
        start += each.rows
        outputs = {name: value[rows] if _has_rows(value, total) else value for name, value in answer.items()}
        if "said" in answer:
            outputs["said"] = answer["said"][number]
        if not each.future.done():
            each.future.set_result(outputs)


def _has_rows(value: Any, total: int) -> bool:
    return isinstance(value, (np.ndarray, list)) and len(value) == total


def _settle(request: Request, refusal: Refused) -> None:
    if not request.future.done():
        request.future.set_exception(refusal)


def _settle_all(batch: list[Request], refusal: Callable[[], Refused]) -> None:
    for each in batch:
        _settle(each, refusal())
