"""In a napari viewer, as tests/interfaces/napari/test_widget.py: `xvfb-run python -m pytest -n 0` with this file."""

import importlib.metadata
import os

import pytest

pytest.importorskip("napari")
if "PYTEST_XDIST_WORKER" in os.environ or "DISPLAY" not in os.environ:
    pytest.skip("in a process of its own only, with a display", allow_module_level=True)
if not {"dlss_tf", "dlss_tf_light"} & {each.metadata["Name"] for each in importlib.metadata.distributions()}:
    pytest.skip("not installed, so that napari does not find the plugin", allow_module_level=True)

from PIL import Image  # noqa: E402

from experiments import napari_picture  # noqa: E402


def test_shows_the_window(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["napari_picture", "--picture", str(tmp_path / "napari.png")])
    napari_picture.main()
    with Image.open(tmp_path / "napari.png") as picture:
        assert picture.width == 1000 and picture.height > 300 and len(picture.getcolors(10**6)) > 50
