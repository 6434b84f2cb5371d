"""All routes against our OpenAPI description, by schemathesis: nothing that it thinks of is answered with a 5xx."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("schemathesis")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.slow
def test_schemathesis_finds_nothing(server, tmp_path):
    command = str(COMMAND) if COMMAND.exists() else shutil.which("schemathesis")
    if command is None:
        pytest.skip("schemathesis is not installed")
    found = subprocess.run(
        [
            *(command, "run", f"{server}openapi.json", "--checks", CHECKS, "--max-examples", "8", "--seed", "1"),
            *("--phases", "examples,coverage,fuzzing", "--exclude-path-regex", "progress", "--no-color"),
            *("--generation-deterministic", "--request-timeout", "60"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=400,
    )
    report = found.stdout + found.stderr
    assert found.returncode == 0, report[-6000:]
    assert int(re.search(r"Selected: *(\d+)", report)[1]) >= 15, report[-2000:]
