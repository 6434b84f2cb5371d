"""Pythons of "other environments": this one's, or that of DLSS_TF_PYTHON, and shell scripts that do what is asked."""

import os
import shlex
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def script(tmp_path):
    """`script(lines)` -> path of an executable shell script."""

    def write(lines):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.fixture
def python(script):
    """A Python that finds this checkout's dlss_tf, whichever is installed."""
    executable = os.environ.get("DLSS_TF_PYTHON", sys.executable)
    return script(f'PYTHONPATH={shlex.quote(str(REPOSITORY))} exec {shlex.quote(executable)} "$@"')


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The folder where temporary folders are made."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(path))
    return path


@pytest.fixture
def sleeper(script, tmp_path):
    """What never answers, and a function that says whether it runs."""
    pid = tmp_path / "pid"

    def runs():
        try:
            os.kill(int(pid.read_text()), 0)
        except ProcessLookupError:
            return False
        return True

    runs.started = lambda: pid.exists() and pid.read_text().endswith("\n")
    return script(f"echo $$ > {shlex.quote(str(pid))}; exec sleep 60"), runs
