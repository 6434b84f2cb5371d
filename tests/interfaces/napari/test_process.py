import importlib.util
import os
import sys
import time

import numpy as np
import pytest

from dlss_tf import weights
from dlss_tf.errors import InputError
from dlss_tf.inference.options import Options
from dlss_tf.interfaces.napari import compute, process

tensorflow_somewhere = pytest.mark.skipif(
    not (importlib.util.find_spec("tensorflow") or "DLSS_TF_PYTHON" in os.environ), reason="no TensorFlow"
)
REQUEST = compute.Request(factor=5)
SCAN = np.zeros((4, 4), np.float32)


def nothing(done, of):
    pass


@tensorflow_somewhere
def test_other_process_gives_the_same_images(python, files, rng):
    scan, seen = rng.random((2, 1, 16, 17)), []
    options = Options(ensemble=True, refine=True, keep_known=True, deblur="wiener")
    request = compute.Request(factor=12, options=options, weights="unified-small")
    with pytest.warns(UserWarning, match="^factor 12: this generator was trained for"):
        there = process.supersample(python, scan, request, lambda *progress: seen.append(progress))
    assert set(there.images) == {"image", "uncertainty"}
    assert {image.shape for image in there.images.values()} == {(2, 1, 192, 204)}
    assert there.provenance["generator"] == weights.identity("unified-small")
    assert there.provenance["options"] == {name: value for name, value in vars(options).items() if value is not None}
    np.testing.assert_array_equal(there.images["image"][..., ::12, ::12], scan.astype(np.float32))
    assert list(dict.fromkeys(seen)) == [(0, 0), *((i, seen[-1][1]) for i in range(1, seen[-1][1] + 1))]
    assert not list(files.iterdir())
    pytest.importorskip("tensorflow")
    with pytest.warns(UserWarning, match="factor 12"):
        here = compute.supersample(scan.astype(np.float32), request)
    for name, image in here.images.items():
        np.testing.assert_allclose(there.images[name], image, atol=1e-6)


@tensorflow_somewhere
def test_other_process_refuses_in_a_sentence(python, files):
    with pytest.raises(InputError, match="^weights nowhere: expected a run directory"):
        process.supersample(python, SCAN, compute.Request(5, weights="nowhere"), nothing)
    assert not list(files.iterdir())


def test_what_on_progress_raises_ends_the_process(sleeper, files):
    python, runs = sleeper

    def cancel(done, of):
        assert (done, of) == (0, 0)
        if runs.started():
            assert runs() and list(files.iterdir())
            raise KeyError

    began = time.monotonic()
    with pytest.raises(KeyError):
        process.supersample(python, SCAN, REQUEST, cancel)
    assert time.monotonic() - began < 5
    assert not runs()
    assert not list(files.iterdir())


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("kill -9 $$", "was ended by SIGKILL, maybe for want of memory$"),
        ("echo hello; echo 7; echo Trace >&2; echo 'ImportError: numpy' >&2; exit 1", "status 1: ImportError: numpy$"),
        ("exit 0", "ended with status 0: it said nothing$"),
        ('echo "path: $PYTHONPATH." >&2; exit 3', "ended with status 3: path: .$"),
    ],
)
def test_a_process_without_an_answer_is_a_sentence(script, files, monkeypatch, lines, sentence):
    monkeypatch.setenv("PYTHONPATH", "/napari's")
    with pytest.raises(process.ProcessEnded, match=sentence) as caught:
        process.supersample(script(lines), SCAN, REQUEST, nothing)
    assert "\n" not in str(caught.value)
    assert not list(files.iterdir())


def test_this_environments_python_inherits_all(script, files, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/napari's")
    monkeypatch.setattr(sys, "executable", script('echo "path: $PYTHONPATH." >&2; exit 3'))
    with pytest.raises(process.ProcessEnded, match="ended with status 3: path: /napari's.$"):
        process.supersample(None, SCAN, REQUEST, nothing)


def test_finds_the_python_of_an_environment(tmp_path):
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    assert process.python_of(str(tmp_path)) == process.python_of(str(python)) == str(python)
    with pytest.raises(InputError, match="expected the folder of a Python environment, found no Python in it"):
        process.python_of(str(python.parent))
    with pytest.raises(InputError, match="expected a Python, found what does not run"):
        process.supersample(str(tmp_path), SCAN, REQUEST, nothing)
