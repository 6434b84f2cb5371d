"""In a napari viewer: `xvfb-run python -m pytest -n 0 tests/interfaces/napari`, where napari and
pytest-qt are installed.

Not with other tests in one process, for they import TensorFlow, which ends it (see dlss_tf.interfaces.napari).
"""

import importlib.util
import os
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")
if "PYTEST_XDIST_WORKER" in os.environ:
    pytest.skip("in a process of its own only", allow_module_level=True)

from napari.utils import notifications, progress  # noqa: E402
from qtpy.QtCore import QSettings  # noqa: E402

from dlss_tf import weights  # noqa: E402
from dlss_tf.interfaces.napari import compute, process  # noqa: E402
from dlss_tf.weights import PRETRAINED  # noqa: E402

tensorflow_here = pytest.mark.skipif(not importlib.util.find_spec("tensorflow"), reason="no TensorFlow")
tensorflow_somewhere = pytest.mark.skipif(
    not (importlib.util.find_spec("tensorflow") or "DLSS_TF_PYTHON" in os.environ), reason="no TensorFlow"
)
TIMEOUT = 60_000  # ms


@pytest.fixture
def viewer(make_napari_viewer, tmp_path):
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    return make_napari_viewer()


@pytest.fixture
def widget(viewer):
    """As napari makes it of the installed plugin."""
    _, widget = viewer.window.add_plugin_dock_widget("dlss_tf", "Supersample")
    return widget


@pytest.fixture
def notes():
    """What napari has notified of."""
    notes = []
    notifications.notification_manager.notification_ready.connect(notes.append)
    yield notes
    notifications.notification_manager.notification_ready.disconnect(notes.append)


@pytest.fixture
def scan(rng):
    return rng.random((6, 9)).astype(np.float32) * 100


def run(widget, qtbot):
    """Click Run and wait for the end."""
    widget.run.native.click()
    qtbot.waitUntil(lambda: widget.run.enabled and not widget.cancel.enabled, timeout=TIMEOUT)


def sentences(notes, severity):
    """Of the notifications of that severity, none of which may come with a traceback."""
    chosen = [note for note in notes if note.severity.value == severity]
    assert not any(isinstance(note, notifications.ErrorNotification) for note in notes)
    return [note.message for note in chosen]


def fake(images):
    """In place of `process.supersample`: gives images [..., factor h, factor w] without a generator."""

    def supersample(environment, scan, request, on_progress):
        for done in range(1, 4):
            on_progress(done, 3)
        image = np.repeat(np.repeat(scan, request.factor, -2), request.factor, -1)
        return compute.Done(dict.fromkeys(images, image), {"generator": {"sha256": "12ab"}})

    return supersample


@tensorflow_here
def test_adds_what_the_supersampler_gives(viewer, widget, qtbot, notes, monkeypatch, scan):
    given, supersample = [], process.supersample
    monkeypatch.setattr(process, "supersample", lambda *arguments: given.append(supersample(*arguments)) or given[-1])
    viewer.add_image(scan, name="gold")
    widget.factor.value = 4
    run(widget, qtbot)
    assert [layer.name for layer in viewer.layers] == ["gold", "gold ×4"]
    assert viewer.layers[1].data.shape == (24, 36)
    assert viewer.layers[1].data is given[0].images["image"]
    assert not notes
    assert widget.coverage.value == "1/16 (6.2 %)"
    assert "tensorflow" not in sys.modules


@tensorflow_somewhere
def test_runs_in_another_environment(viewer, widget, qtbot, notes, scan, python, files):
    viewer.add_image(scan, name="gold")
    widget.factor.value = 12
    widget.how["ensemble"].value = True
    widget.how["refine"].value = True
    widget.how["keep_known"].value = True
    widget.environment.line_edit.value = python
    run(widget, qtbot)
    assert [layer.name for layer in viewer.layers] == ["gold", "gold ×12 uncertainty", "gold ×12"]
    np.testing.assert_array_equal(viewer.layers["gold ×12"].data[::12, ::12], scan)
    assert not notes
    assert not list(files.iterdir())
    processing = viewer.layers["gold ×12"].metadata["dlss_tf"]
    assert processing["source"] == "gold" and processing["factor"] == 12
    asked = {name for name, value in processing["options"].items() if value}
    assert asked == {"ensemble", "refine", "keep_known"}
    assert processing["environment"] == python
    assert processing["generator"]["weights"] == PRETRAINED
    assert processing["generator"]["sha256"] == weights.digest(PRETRAINED)


@pytest.mark.parametrize("place", [{"rotate": 30, "shear": [0.2]}, {"affine": [[0, 2, 5], [-1, 0.5, 7], [0, 0, 1]]}])
def test_samples_lie_on_their_pixels(viewer, widget, qtbot, monkeypatch, scan, place):
    monkeypatch.setattr(process, "supersample", fake(["image", "uncertainty"]))
    layer = viewer.add_image(scan, scale=[0.3, 0.2], translate=[-4, 11], units=["nm", "nm"], **place)
    layer.colormap, layer.contrast_limits = "viridis", [7, 70]
    run(widget, qtbot)
    for result in viewer.layers[1:]:
        for sample in np.ndindex(scan.shape):
            there = result.data_to_world([5 * index for index in sample])
            np.testing.assert_allclose(there, layer.data_to_world(sample), atol=1e-6)
        np.testing.assert_allclose(result.scale, [0.06, 0.04])
        assert [str(unit) for unit in result.units] == ["nanometer", "nanometer"]
    image, uncertainty = viewer.layers[2], viewer.layers[1]
    assert image.visible and not uncertainty.visible
    assert (image.colormap.name, image.contrast_limits) == ("viridis", [7, 70])
    assert (uncertainty.colormap.name, uncertainty.contrast_limits) != ("viridis", [7, 70])


def test_stacks_and_pyramids(viewer, widget, qtbot, monkeypatch, rng):
    monkeypatch.setattr(process, "supersample", fake(["image"]))
    stack = rng.random((2, 3, 4, 6))
    viewer.add_image(stack, scale=[9, 7, 1, 2], translate=[1, 2, 3, 4])
    run(widget, qtbot)
    assert viewer.layers[-1].data.shape == (2, 3, 20, 30)
    np.testing.assert_allclose(viewer.layers[-1].scale, [9, 7, 0.2, 0.4])
    np.testing.assert_allclose(viewer.layers[-1].translate, [1, 2, 3, 4])
    widget.scan.value = viewer.add_image([stack[0, 0], stack[0, 0, ::2, ::2]], multiscale=True)
    run(widget, qtbot)
    assert viewer.layers[-1].data.shape == (20, 30)


def test_works_in_a_thread_and_shows_progress(viewer, widget, qtbot, monkeypatch, scan):
    go, threads = threading.Event(), []

    def supersample(environment, scan, request, on_progress):
        threads.append(threading.current_thread())
        on_progress(1, 4)
        assert go.wait(30)
        return fake(["image"])(environment, scan, request, lambda *_: None)

    monkeypatch.setattr(process, "supersample", supersample)
    viewer.add_image(scan, name="gold")
    widget.run.native.click()
    qtbot.waitUntil(lambda: [(bar.n, bar.total) for bar in progress._all_instances] == [(1, 4)])
    assert [bar.desc for bar in progress._all_instances] == ["gold ×5"]
    assert widget.cancel.enabled and not widget.run.enabled
    go.set()
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    qtbot.waitUntil(lambda: not progress._all_instances)
    assert threads and threads != [threading.main_thread()]


@tensorflow_somewhere
def test_cancel_between_passes(viewer, widget, qtbot, notes, rng, python, files):
    """Eight flips and rotations, ended after the first of them."""
    widget.environment.line_edit.value = python
    viewer.add_image(rng.random((100, 100)))
    widget.how["ensemble"].value = True
    widget.run.native.click()
    qtbot.waitUntil(lambda: any(bar.n for bar in progress._all_instances), timeout=TIMEOUT)
    assert [(bar.n < 8, bar.total) for bar in progress._all_instances] == [(True, 8)]
    widget.cancel.native.click()
    qtbot.waitUntil(lambda: widget.run.enabled)
    assert not list(files.iterdir())
    assert len(viewer.layers) == 1
    assert not progress._all_instances and not notes


def test_cancel_ends_the_other_process(viewer, widget, qtbot, notes, scan, sleeper, files):
    widget.environment.line_edit.value, runs = sleeper
    viewer.add_image(scan)
    widget.run.native.click()
    qtbot.waitUntil(runs.started)
    assert runs()
    widget.cancel.native.click()
    qtbot.waitUntil(lambda: widget.run.enabled)
    assert not runs()
    assert not list(files.iterdir())
    assert len(viewer.layers) == 1
    assert not progress._all_instances and not notes


def test_closing_the_viewer_ends_the_other_process(viewer, widget, qtbot, scan, sleeper, files):
    widget.environment.line_edit.value, runs = sleeper
    viewer.add_image(scan)
    widget.run.native.click()
    qtbot.waitUntil(runs.started)
    viewer.close()
    qtbot.waitUntil(lambda: not runs())
    qtbot.waitUntil(lambda: not list(files.iterdir()))


def test_refusals_are_sentences(viewer, widget, qtbot, notes, script, tmp_path, scan):
    def refusal():
        notes.clear()
        run(widget, qtbot)
        return "\n".join(sentences(notes, "error"))

    assert refusal() == "scan: expected an image layer, found none"
    viewer.add_labels(np.zeros((8, 8), int))
    assert refusal() == "scan: expected an image layer, found none"
    viewer.add_image(np.zeros((8, 8, 3)), rgb=True, name="photo")
    assert refusal() == "scan photo: expected one channel, found a colour image; split it into channels first"
    widget.scan.value = viewer.add_image(scan)
    widget.environment.line_edit.value = str(tmp_path / "nowhere")
    assert refusal().startswith(f"environment {tmp_path / 'nowhere'}: expected the folder of a Python environment")
    widget.environment.line_edit.value = script("kill -9 $$")
    assert "was ended by SIGKILL" in refusal()
    widget.environment.line_edit.value = ""
    if not (importlib.util.find_spec("tensorflow") or importlib.util.find_spec("onnxruntime")):
        assert refusal().endswith(f"or choose another environment than {sys.prefix}")
    assert len(viewer.layers) == 3


@tensorflow_here
def test_refusals_of_the_supersampler_are_sentences(viewer, widget, qtbot, notes, scan, tmp_path):
    viewer.add_image(scan)
    widget.weights.line_edit.value = str(tmp_path)
    run(widget, qtbot)
    (sentence,) = sentences(notes, "error")
    assert sentence.startswith(str(tmp_path)) and "\n" not in sentence


def test_our_own_mistakes_keep_their_traceback(viewer, widget, qtbot, monkeypatch, notes, scan):
    def supersample(environment, scan, request, on_progress):
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(process, "supersample", supersample)
    viewer.add_image(scan)
    with qtbot.captureExceptions() as exceptions:
        run(widget, qtbot)
    assert [kind for kind, *_ in exceptions] == [ZeroDivisionError]


def test_remembers_the_environment(viewer, widget, qtbot, script, scan):
    viewer.add_image(scan)
    widget.environment.line_edit.value = script("exit 1")
    run(widget, qtbot)
    another = type(widget)(viewer)
    assert another.environment.line_edit.value == widget.environment.line_edit.value
