import os
import signal
import sys
import time

import numpy as np
import pytest

from dlss_tf.formats import python_process
from dlss_tf.formats.python_process import PythonProcess, python

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX'")

ECHO = """
from dlss_tf.formats import python_process, wire
def main(life, name):
    questions, answers = python_process.begin(life)
    print("lost")
    while True:
        wire.send(answers, [name, wire.receive(questions)])
"""


@pytest.fixture
def echo(tmp_path, monkeypatch):
    (tmp_path / "echo.py").write_text(ECHO)
    monkeypatch.syspath_prepend(str(tmp_path))
    process = PythonProcess("echo", ["parrot"])
    yield process
    process.end()


def test_answers_messages_and_what_it_prints_goes_nowhere(echo):
    echo.send({"array": np.arange(3)})
    name, answer = echo.receive()
    assert name == "parrot" and answer["array"].tolist() == [0, 1, 2]
    assert echo.lives and echo.pid != os.getpid()


@posix
def test_signals_to_all_processes_of_a_service_do_not_end_it(echo):
    echo.send(1)
    echo.receive()
    for each in (signal.SIGINT, signal.SIGTERM):
        os.kill(echo.pid, each)
    echo.send(2)
    assert echo.receive() == ["parrot", 2]


@posix
def test_its_end_is_told(echo):
    echo.send(1)
    echo.receive()
    os.kill(echo.pid, signal.SIGKILL)
    with pytest.raises((EOFError, OSError)):
        echo.receive()
    assert echo.status() == -signal.SIGKILL and not echo.lives


def test_it_ends_with_who_started_it(echo):
    echo.send(1)
    echo.receive()
    echo._close_pipes()
    end = time.monotonic() + 30
    while echo.lives and time.monotonic() < end:
        time.sleep(0.01)
    assert not echo.lives


def test_it_is_this_python():
    assert os.path.basename(python()).startswith("python") or python() == sys.executable


def test_without_a_pipe_of_its_own_it_ends_with_its_questions(tmp_path, monkeypatch):
    """As on Windows, where it inherits no other."""
    (tmp_path / "echo.py").write_text(ECHO)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(python_process, "WINDOWS", True)
    process = PythonProcess("echo", ["parrot"])
    process.send(1)
    assert process.receive() == ["parrot", 1]
    process._close_pipes()  # as if this process had been killed
    assert process._popen.wait(30) is not None
    process.end()
