"""The worker that holds the generator, as the server sees it: started, asked, and started again if it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..errors import InputError
from ..formats import wire
from ..formats.python_process import PythonProcess

MOST_ANSWER = 2**36  # bytes of arrays; what is asked for is limited before
PATIENCE = 10.0  # s beyond the time for a batch before a worker that says nothing is ended
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # s before a worker that does not start is started again

OnProgress = Callable[[int, int], None]

log = logging.getLogger(__name__)


class WorkerEnded(RuntimeError):
    """There is no answer, for the worker is not there any more: a sentence that says how it ended."""


class Model:
    """`await model.ask(question)` -> the worker's answer. One is asked at a time."""

    def __init__(self, settings: dict[str, Any]):
        """`settings` are the arguments of `worker.Generator`."""
        self._settings = json.dumps(settings)
        self._process: PythonProcess | None = None
        self.described: dict[str, Any] | None = None  # what it says of itself, while it can be asked
        self.available = asyncio.Event()
        self.starts = 0
        self._restarting: asyncio.Task[None] | None = None
        self._closed = False
        self._threads = ThreadPoolExecutor(3, "worker")  # one waits for an answer, one may for that of one that is gone

    async def start(self) -> None:
        """Until it can be asked.

        Raises:
            InputError: it cannot be started with these settings, in one sentence.
            WorkerEnded: it ended before it said why.
        """
        self.starts += 1
        try:
            self._process = PythonProcess("dlss_tf.serving.worker", [self._settings])
        except OSError as error:
            raise WorkerEnded(f"Python does not start: {error.strerror or error}") from None
        message = await self._received(self._process)
        if "error" in message:
            raise InputError(message["error"])
        self.described = message["ready"]
        self.available.set()

    async def ask(self, question: dict[str, Any], seconds: float, on_progress: OnProgress = lambda *_: None) -> Any:
        """What it answers, {"error": ...} too, once it can be asked; it has so many seconds for it.

        Raises:
            WorkerEnded: it does not, in that time and a little more; a new one is being started then.
        """
        await self.available.wait()
        process = self._process
        assert process is not None  # it is available
        conversation = self._conversation(process, {**question, "seconds": seconds}, on_progress)
        try:
            return await asyncio.wait_for(conversation, seconds + PATIENCE)
        except asyncio.TimeoutError:
            process.kill()
            self._restart()
            raise WorkerEnded(f"the worker had not answered {PATIENCE:.0f} s after its time and was ended") from None
        except WorkerEnded:
            self._restart()
            raise

    async def _conversation(self, process: PythonProcess, question: dict[str, Any], on_progress: OnProgress) -> Any:
        await self._in_thread(_send, process, question)
        while "progress" in (message := await self._received(process)):
            on_progress(*message["progress"])
        return message

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """In a thread that nobody else keeps busy."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def close(self) -> None:
        """End it."""
        self._closed = True
        self.available.clear()
        if self._restarting:
            self._restarting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._restarting
        if self._process:
            await self._in_thread(self._process.end)
        self._threads.shutdown(wait=False)

    @property
    def pid(self) -> int | None:
        """Of the worker."""
        return self._process.pid if self._process else None

    async def _received(self, process: PythonProcess) -> dict[str, Any]:
        try:
            return await self._in_thread(process.receive, MOST_ANSWER)
        except (EOFError, OSError, wire.Unreadable, wire.TooMuch):
            status = await self._in_thread(process.status)
            by = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
            raise WorkerEnded(f"the worker ended {by}") from None

    def _restart(self) -> None:
        """A new one, beside what is done next."""
        self.available.clear()
        self.described = None
        if not self._closed and not (self._restarting and not self._restarting.done()):
            self._restarting = asyncio.create_task(self._start_again())

    async def _start_again(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            if self._process:
                await self._in_thread(self._process.end)
            try:
                await self.start()
                log.warning("worker started again", extra={"starts": self.starts})
                return
            except (WorkerEnded, InputError) as error:
                log.error("worker does not start", extra={"reason": str(error)})
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _send(process: PythonProcess, question: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # it has ended, which its answer tells
        process.send(question)
