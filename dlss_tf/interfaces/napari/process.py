"""The same as `compute.supersample`, in another process, of this or of another environment's Python.

TensorFlow's and napari's requirements seldom agree, and where they do, TensorFlow may take napari down: on Linux with
Mesa's OpenGL importing it ended the process. What the two share is a temporary folder, with arrays in NumPy's format,
and lines of JSON (see `remote`).
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator

import numpy as np

from ...errors import InputError
from ...formats import notes, values
from ...formats.processes import ended_by
from . import compute

SCAN, REQUEST, LOG = "scan.npy", "request.json", "log.txt"
POLL = 0.1  # seconds between the chances that `on_progress` has to end the work
# What would make another Python take this one's packages, which an activated or bundled napari may have set.
NOT_INHERITED = ("PYTHONHOME", "PYTHONPATH", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")


class ProcessEnded(RuntimeError):
    """The other process ended without an answer: one sentence that says how."""


def supersample(
    environment: str | None, scan: np.ndarray, request: compute.Request, on_progress: compute.OnProgress
) -> compute.Done:
    """As `compute.supersample`, by `environment`: the folder of one, or its Python; None: the one that runs this.

    `on_progress` is also called, with the numbers it had last, at least every `POLL` seconds; (0, 0) before the first.
    When this returns or raises, the process is gone and so are its files.
    """
    command, variables = _start(environment)
    with tempfile.TemporaryDirectory(prefix="dlss_tf-", ignore_cleanup_errors=True) as folder:
        np.save(os.path.join(folder, SCAN), values.real("scan", scan))
        with open(os.path.join(folder, REQUEST), "w", encoding="utf-8") as file:
            file.write(request.to_json())
        with _process(command, variables, folder) as process:
            answer = _follow(process, on_progress)
            if answer is None:
                raise ProcessEnded(f"Supersampling in {command[0]} {_ending(process.wait(), folder)}")
        images = {name: np.load(os.path.join(folder, f"{name}.npy")) for name in answer["images"]}
        return compute.Done(images, notes.checked(answer.get("provenance")))


def python_of(environment: str) -> str:
    """The Python of a virtual or conda environment's folder, or the one given; InputError if there is none."""
    environment = os.path.abspath(os.path.expanduser(environment))
    inside = [os.path.join(environment, *parts) for parts in (("bin", "python"), ("Scripts", "python.exe"))]
    for path in (environment, *inside, os.path.join(environment, "python.exe")):
        if os.path.isfile(path):
            return path
    raise InputError(f"environment {environment}: expected the folder of a Python environment, found no Python in it")


def _start(environment: str | None) -> tuple[list[str], dict[str, str]]:
    """Command and environment variables."""
    module = ["-m", f"{__package__}.remote"]
    if environment is None:
        return [sys.executable, *module], dict(os.environ)
    variables = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return [python_of(environment), *module], variables


@contextlib.contextmanager
def _process(command: list[str], variables: dict[str, str], folder: str) -> Iterator[subprocess.Popen]:
    """Started in the folder, so that nothing else is found there; not running any more afterwards."""
    with open(os.path.join(folder, LOG), "wb") as log:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=variables,
                stdin=subprocess.PIPE,  # Never written to: it ends when this process does, and so ends the other.
                stdout=subprocess.PIPE,
                stderr=log,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise InputError(
                f"environment {command[0]}: expected a Python, found what does not run ({error})"
            ) from None
    assert process.stdin  # a pipe
    try:
        yield process
    finally:
        process.kill()
        process.stdin.close()  # Ends the Python that a script, or Windows' launcher, may have started in turn.
        process.wait()


def _follow(process: subprocess.Popen, on_progress: compute.OnProgress) -> dict | None:
    """The message that the images are there; None if the process ended without it."""
    done, of = 0, 0
    for message in _messages(process):
        if "error" in message:
            raise InputError(message["error"])
        if "warning" in message:
            warnings.warn(message["warning"], stacklevel=3)
        if "images" in message:
            return message
        done, of = message.get("progress", (done, of))
        on_progress(done, of)
    return None


def _messages(process: subprocess.Popen) -> Iterator[dict]:
    """What the process says, and {} whenever it has said nothing for a while."""
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        assert process.stdout  # a pipe
        with process.stdout:
            for line in process.stdout:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=POLL)
        except queue.Empty:
            yield {}
            continue
        if line is None:
            return
        yield _message(line)


def _message(line: bytes) -> dict:
    """{} for what is not a message: a Python's start-up may print."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _ending(status: int, folder: str) -> str:
    """'was ended by SIGKILL', or with which status it ended and its last words."""
    if status < 0:
        return f"was ended by {ended_by(status)}" + ", maybe for want of memory" * (status == -9)
    with open(os.path.join(folder, LOG), encoding="utf-8", errors="replace") as log:
        words = [line.strip() for line in log if line.strip()]
    return f"ended with status {status}: {words[-1] if words else 'it said nothing'}"
