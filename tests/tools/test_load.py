"""A short one, with a tiny generator: that answers are compared, that what is lost is told, that it runs."""

import asyncio
import contextlib
import subprocess
import sys

import aiohttp
import numpy as np
import pytest

from tools import load


class Answers:
    """In place of a session: these answers in turn."""

    def __init__(self, *answers):
        self.answers = iter(answers)

    @contextlib.asynccontextmanager
    async def post(self, url, data):
        found = next(self.answers)
        if isinstance(found, Exception):
            raise found
        yield found


class Answer:
    def __init__(self, status, content=b"", **headers):
        self.status, self.content, self.headers = status, content, {k.replace("_", "-"): v for k, v in headers.items()}

    async def read(self):
        return self.content


def answered(*answers):
    """A Load whose server gives these answers in turn, after one request."""
    made = load.Load(Answers(*answers), None, "http://server/", 1, [b""], [np.zeros((2, 2), np.float32)])
    asyncio.run(made.ask(0))
    return made


def image(*values):
    return Answer(200, np.array(values, "<f4").tobytes())


def test_right_answers_count_after_those_that_say_wait():
    made = answered(Answer(429, Retry_After="0"), image(0, 0, 0, 5e-5))
    assert not made.problems and len(made.seconds) == 1 and made.counts == {"429": 1, "200": 1}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (image(0, 0, 0, 1), "wrong by 1"),
        (Answer(500, b"oops"), "500: oops"),
        (aiohttp.ClientPayloadError("reset"), "lost: ClientPayloadError reset"),
    ],
)
def test_others_are_problems(answer, problem):
    made = answered(answer)
    assert made.problems == [problem] and not made.seconds


@pytest.mark.slow
def test_a_short_one_finds_nothing(tiny_scan_grid_run):
    command = [sys.executable, "-m", "tools.load", "--weights", tiny_scan_grid_run, "--minutes", "0.03"]
    command += ["--clients", "12", "--waiting", "8", "--side", "20", "--direct-seconds", "0.1"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "load: no answer lost, none wrong" in found.stdout and "status 0" in found.stdout
