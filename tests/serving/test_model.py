import asyncio
import os
import queue
import signal
import weakref

import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.serving import model
from dlss_tf.serving.batches import Batches, Refused, Request
from dlss_tf.serving.metrics import Metrics

SETTINGS = {"weights": None, "tile": 512, "size": 96, "backend": None}


def question(scans):
    return {"kind": "supersample", "factor": 5, "options": {}, "arrays": {"scan": scans}, "counts": [len(scans)]}


def test_a_generator_that_is_not_there_is_a_sentence(tmp_path):
    async def start():
        made = model.Model({**SETTINGS, "weights": str(tmp_path / "none")})
        try:
            await made.start()
        finally:
            await made.close()

    with pytest.raises(InputError, match="none: expected a run directory or a pretrained generator"):
        asyncio.run(start())


@pytest.mark.slow
def test_answers_are_the_generators_and_a_worker_that_is_killed_is_replaced(tiny_scan_grid_run, supersampler, rng):
    scans = rng.normal(1000, 30, (2, 20, 24)).astype(np.float32)
    expected = supersampler(scans, 5)

    async def run():
        made = model.Model({**SETTINGS, "weights": tiny_scan_grid_run})
        await made.start()
        assert made.described["network"] == "scan-grid" and made.described["factors"] == [4, 5, 8]
        progress = []
        answer = await made.ask(question(scans), 60, lambda *each: progress.append(each))
        np.testing.assert_allclose(answer["image"], expected, rtol=0, atol=1e-4 * np.ptp(expected))
        assert progress == [(1, 1)] and answer["said"] == [[]] and "supersampled by 5" in answer["history"]
        refused, *each = await asyncio.gather(
            made.ask({**question(scans), "factor": 6}, 60), *(made.ask(question(scans[n : n + 1]), 60) for n in (1, 0))
        )
        for one, n in zip(each, (1, 0)):  # whoever is done first
            np.testing.assert_allclose(one["image"][0], expected[n], rtol=0, atol=1e-4 * np.ptp(expected))
        assert refused["kind"] == "input" and refused["error"].startswith("factor: expected one of 4, 5, 8")

        first = made.pid
        batches = Batches(made, Metrics(), 10, 60.0)
        os.kill(first, signal.SIGKILL)
        asked = [
            Request({"kind": "supersample", "factor": 5, "options": {}}, {"scan": scans}, 2, 1, n) for n in range(3)
        ]
        *lost, answered = await asyncio.gather(*map(batches.submit, asked), return_exceptions=True)
        for each in lost:  # what it held
            assert isinstance(each, Refused) and each.status == 503 and "ended by SIGKILL" in each.sentence
        np.testing.assert_allclose(answered["image"], expected, rtol=0, atol=1e-4 * np.ptp(expected))
        assert made.pid != first and made.starts == 2
        await batches.close()
        await made.close()
        return made.pid

    last = asyncio.run(run())
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)


def test_one_that_says_nothing_is_ended_in_time(monkeypatch):
    """The reader of files stands for a worker that hangs: it waits for more of a question than comes."""
    monkeypatch.setattr(model, "PATIENCE", 0.1)

    async def run():
        made = model.Model(SETTINGS)
        made._process = model.PythonProcess("time", [])  # it has no main, and ends at once
        made._closed = True  # no new one
        made._listen()
        with pytest.raises(model.WorkerEnded, match="the worker ended with status 1"):
            await made.ask(question(np.zeros((1, 2, 2), np.float32)), 5)
        made._process = model.PythonProcess("dlss_tf.formats.reader_process", [""])
        await made._received(made._process)  # "ready"
        made._listen()
        monkeypatch.setattr(model, "_send", lambda *_: None)
        with pytest.raises(model.WorkerEnded, match="had not answered"):
            await made.ask({}, 0.1)
        await made.close()

    asyncio.run(run())


@pytest.mark.parametrize("chosen", [None, "4"])
def test_its_malloc_has_one_arena_unless_the_user_wants_others(monkeypatch, chosen):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    if chosen:
        monkeypatch.setenv("MALLOC_ARENA_MAX", chosen)
    started = []

    def start(module, arguments, variables):
        started.append(variables["MALLOC_ARENA_MAX"])
        raise OSError("no")

    monkeypatch.setattr(model, "PythonProcess", start)
    with pytest.raises(model.WorkerEnded, match="Python does not start: no"):
        asyncio.run(model.Model(SETTINGS).start())
    assert started == [chosen or "1"]


class Answering:
    """A process that answers every question with zeros, until it is ended."""

    pid = 1

    def __init__(self):
        self.messages = queue.Queue()

    def send(self, question):
        self.messages.put({"number": question["number"], "answer": {"image": np.zeros(9)}})

    def receive(self, most):
        message = self.messages.get()
        if message is None:
            raise EOFError
        return message

    def end(self):
        self.messages.put(None)

    def status(self):
        return 0


def test_an_answer_is_not_kept_until_the_next():
    async def run():
        made = model.Model(SETTINGS)
        made._process = Answering()
        made._listen()
        image = (await made.ask({}, 60))["image"]
        kept = weakref.ref(image)
        del image
        await asyncio.sleep(0.05)
        assert kept() is None
        await made.close()

    asyncio.run(run())
