import importlib.metadata
import os

from dlss_tf import packages, weights
from dlss_tf.cli import installed


def test_versions_generators_and_what_is_missing(monkeypatch):
    monkeypatch.setitem(packages.EXTRAS, "codecs", {"no_such_module": "imagecodecs"})
    text = "\n".join(installed.describe())
    assert text.startswith("dlss-tf ") and f"NumPy {importlib.metadata.version('numpy')}" in text
    assert "--weights unified-scan               trained for factors 2 to 12, taken without --weights" in text
    assert "--weights unified-small              trained for factors 4 to 10\n" in text
    assert f"compressed TIFF: found no no_such_module; {packages.install('codecs')}" in text


def test_what_cannot_be_told_is_no_error(monkeypatch):
    monkeypatch.setattr(installed, "version_of", lambda package: None)
    monkeypatch.setattr(weights, "pretrained_names", list)
    monkeypatch.setattr(installed, "lacking", lambda extra: [])
    first, second, *rest = installed.describe()
    assert "ONNX Runtime missing, TensorFlow missing" in first and str(os.cpu_count()) in second
    assert rest == ["", "", "all packages that the commands need are installed"]


def test_ranges():
    assert installed.ranged([4, 5, 6]) == installed.ranged([6, 5, 4]) == "4 to 6"
    assert (
        installed.ranged([4, 6, 8]) == "4, 6, 8" and installed.ranged([5]) == "5" and installed.ranged([4, 5]) == "4, 5"
    )
