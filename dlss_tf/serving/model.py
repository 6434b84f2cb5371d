"""The worker that holds the generator, as the server sees it: started, asked, and started again if it ends."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..errors import InputError
from ..formats import wire
from ..formats.processes import ended_by
from ..formats.python_process import PythonProcess
from ..inference.memory import ONE_ARENA

MOST_ANSWER = 2**36  # bytes of arrays; what is asked for is limited before
PATIENCE = 10.0  # s beyond the time for a batch before a worker that says nothing is ended
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # s before a worker that does not start is started again

OnProgress = Callable[[int, int], None]

log = logging.getLogger(__name__)


class WorkerEnded(RuntimeError):
    """There is no answer, for the worker is not there any more: a sentence that says how it ended."""


@dataclasses.dataclass
class _Conversation:
    """One question's: who is told how far it is, and where the answer goes."""

    on_progress: OnProgress
    answer: asyncio.Future[Any]


class Model:
    """`await model.ask(question)` -> the worker's answer, to several at once."""

    def __init__(self, settings: dict[str, Any]):
        """`settings` are the arguments of `worker.Generator`."""
        self._settings = json.dumps(settings)
        self._process: PythonProcess | None = None
        self.described: dict[str, Any] | None = None  # what it says of itself, while it can be asked
        self.available = asyncio.Event()
        self.starts = 0
        self._restarting: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._conversations: dict[int, _Conversation] = {}
        self._numbers = itertools.count()
        self._sending = asyncio.Lock()
        self._closed = False
        # One waits for what is answered, one may for that of one that is gone, and one sends.
        self._threads = ThreadPoolExecutor(3, "worker")

    async def start(self) -> None:
        """Until it can be asked.

        Raises:
            InputError: it cannot be started with these settings, in one sentence.
            WorkerEnded: it ended before it said why.
        """
        self.starts += 1
        chosen = {**ONE_ARENA, **os.environ}  # by the user, where it is
        try:
            self._process = PythonProcess("dlss_tf.serving.worker", [self._settings], chosen)
        except OSError as error:
            raise WorkerEnded(f"Python does not start: {error.strerror or error}") from None
        message = await self._received(self._process)
        if "error" in message:
            raise InputError(message["error"])
        self.described = message["ready"]
        self._listen()

    def _listen(self) -> None:
        """To the process, that can be asked from now on."""
        assert self._process is not None  # it was started
        self._listening = asyncio.create_task(self._hear(self._process))
        self.available.set()

    async def ask(self, question: dict[str, Any], seconds: float, on_progress: OnProgress = lambda *_: None) -> Any:
        """What it answers, {"error": ...} too, once it can be asked; it has so many seconds for it.

        Raises:
            WorkerEnded: it does not, in that time and a little more; a new one is being started then.
        """
        while not self.available.is_set():
            await self.available.wait()
        process = self._process
        assert process is not None  # it is available
        number, conversation = next(self._numbers), _Conversation(on_progress, asyncio.Future())
        self._conversations[number] = conversation
        try:
            return await asyncio.wait_for(
                self._answered(process, {**question, "number": number, "seconds": seconds}, conversation),
                seconds + PATIENCE,
            )
        except asyncio.TimeoutError:
            process.kill()
            self._restart()
            raise WorkerEnded(f"the worker had not answered {PATIENCE:.0f} s after its time and was ended") from None
        finally:
            self._conversations.pop(number, None)

    async def _answered(self, process: PythonProcess, question: dict[str, Any], conversation: _Conversation) -> Any:
        async with self._sending:  # or parts of two would mix
            await self._in_thread(_send, process, question)
        return await conversation.answer

    async def _hear(self, process: PythonProcess) -> None:
        """What it says, each to whom it is for, until it ends; then a new one is started."""
        try:
            while True:
                self._pass_on(await self._received(process))  # kept in no variable while the next is waited for
        except WorkerEnded as error:
            for conversation in self._conversations.values():
                if not conversation.answer.done():
                    conversation.answer.set_exception(WorkerEnded(str(error)))
            if process is self._process:
                self._restart()

    def _pass_on(self, message: dict[str, Any]) -> None:
        conversation = self._conversations.get(message["number"])
        if conversation is None or conversation.answer.done():  # who asked waits no more
            return
        if "progress" in message:
            conversation.on_progress(*message["progress"])
        else:
            conversation.answer.set_result(message["answer"])

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """In a thread that nobody else keeps busy."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def close(self) -> None:
        """End it."""
        self._closed = True
        self.available.clear()
        for task in (self._restarting, self._listening):
            if task:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
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
        except (EOFError, OSError, ValueError, wire.TooMuch):  # ValueError: no message, or its pipe was closed here
            status = await self._in_thread(process.status)
            by = ended_by(status)
            raise WorkerEnded(f"the worker ended {f'by {by}' if by else f'with status {status}'}") from None

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
