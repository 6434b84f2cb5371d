import pytest
from absl import logging as absl_logging


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    lines = []
    monkeypatch.setattr(absl_logging, "warning", lambda text, *values: lines.append(text % values))
    return lines
