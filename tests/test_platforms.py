import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from formats.dm3_files import write_dm3

ROOT = Path(__file__).resolve().parents[1]
EVERY = """
import importlib, pathlib, sys
sys.modules["tensorflow"] = None
found = sorted(pathlib.Path("dlss_tf").rglob("*.py"))
for path in found:
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    try:
        importlib.import_module(module)
    except ImportError as error:
        if not (error.name or "").startswith(("tensorflow", "napari", "magicgui", "qtpy", "grpc")):
            raise
print(len(found))
"""


def run(*command, folder=ROOT):
    """A Python that lacks what Windows' lacks; what it prints is of the encoding that Windows has there."""
    path = os.pathsep.join([str(ROOT / "tests" / "lacking"), str(ROOT)])
    given = {"PYTHONPATH": path, "PYTHONWARNDEFAULTENCODING": "1", "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env={**os.environ, **given}, capture_output=True, encoding="cp1252"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_lacks_them():
    """A test that cannot fail would be one with nothing taken away."""
    told = "import os, signal, sys; print(hasattr(os, 'fork'), hasattr(signal, 'SIGHUP'), sys.modules['fcntl'])"
    assert run("-c", told).split() == ["False", "False", "None"]
    with pytest.raises(AssertionError, match="EncodingWarning"):
        run("-c", "exec(compile('open(\"setup.py\")', 'x', 'exec'), {'__name__': 'dlss_tf.x'})")


def test_every_module_is_imported():
    assert int(run("-c", EVERY)) > 150


def test_a_file_is_supersampled(tmp_path):
    pytest.importorskip("rsciio")
    pytest.importorskip("onnxruntime")
    scan = np.random.default_rng(0).integers(0, 9, (16, 16)).astype("u2")
    write_dm3(tmp_path / "Größe.dm3", [("HAADF", scan, "nm")])
    command = ["supersample", "Größe.dm3", "--factor", "3", "--runtime", "onnx", "--refine", "--out", "new\\Ω"]
    told = run("-m", "dlss_tf.cli", *command, folder=tmp_path)
    assert told.startswith("new\\\\u03a9/Größe-x3.tif: ")
    assert tifffile.imread(tmp_path / "new\\Ω" / "Größe-x3.tif").shape == (48, 48)
    assert sorted(os.listdir(tmp_path)) == ["Größe.dm3", "new\\Ω"]


def test_crops_are_simulated_by_several_processes(tmp_path):
    run("-m", "dlss_tf.cli", "simulate", "--out", "data", "--train", "2", "--val", "0", "--test", "0", folder=tmp_path)
    assert {"00000.tif", "00001.tif"} <= set(os.listdir(tmp_path / "data" / "train"))
