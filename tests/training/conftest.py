import pytest
import shallow


@pytest.fixture
def few_layers(monkeypatch):
    """Networks are built without most residual blocks."""
    shallow.shallow(monkeypatch)
