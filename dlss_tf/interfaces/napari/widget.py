"""The plugin's dock widget: chooses a scan, has it supersampled, adds the result as a layer.

A thread of napari's follows the process that does it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, Container, FileEdit, Label, PushButton, SpinBox, create_widget
from napari.layers import Image
from napari.qt.threading import WorkerBase, WorkerBaseSignals
from napari.utils import notifications, progress
from napari.viewer import Viewer
from qtpy.QtCore import QSettings, Signal

from ...errors import InputError
from ...formats import values
from ...inference.options import BESIDE, DEBLUR_METHODS, Options
from ...lattice import MAX_FACTOR, MIN_FACTOR
from . import compute, process

ENVIRONMENT = "environment"  # the setting that is kept from one session to the next
# What the result has as the scan has it, beside its scale. The scan's first sample is the result's first pixel, and
# napari puts a pixel's centre at index * scale + translate, so it is the same translation.
KEPT = ("translate", "rotate", "shear", "affine", "units", "axis_labels", "colormap", "contrast_limits", "gamma")

#: The fields of inference.options.Options, in the plugin's words.
OPTIONS: dict[str, dict[str, Any]] = {
    "ensemble": {"text": "ensemble", "tooltip": "Mean of eight flips and rotations, with its uncertainty."},
    "uncertainty": {"text": "uncertainty", "tooltip": "The error to expect of each pixel, as a layer of its own."},
    "refine": {"text": "refine", "tooltip": "Add what samples say beyond the image, for lattices, clean scans."},
    "keep_known": {"text": "keep known pixels", "tooltip": "Put the scan's own values in their places."},
    "keep_outliers": {"text": "keep outliers", "tooltip": "Hot and dead samples, lines never scanned: as they are."},
    "deblur": {
        "label": "deblur",
        "choices": [("no", None), *((method, method) for method in DEBLUR_METHODS)],
        "tooltip": "Undo the blur that generators are trained with.",
    },
}


def _option(**words: Any) -> CheckBox | ComboBox:
    return ComboBox(**words) if "choices" in words else CheckBox(**words)


class Supersample(Container):
    """Supersamples a layer of the viewer."""

    def __init__(self, napari_viewer: Viewer):
        self._viewer = napari_viewer
        self._worker: _Worker | None = None
        self._add: Callable[[compute.Done], None] | None = None
        self.scan = create_widget(annotation=Image, label="scan", options={"tooltip": "Stacks go frame by frame."})
        self.factor = SpinBox(value=5, min=MIN_FACTOR, max=MAX_FACTOR, label="factor s", tooltip="Sides grow s times.")
        self.coverage = Label(label="coverage")
        self.weights = FileEdit(mode="d", nullable=True, label="weights", tooltip="Run directory; none: pretrained.")
        self.how = {name: _option(**words) for name, words in OPTIONS.items()}
        self.environment = FileEdit(
            mode="d",
            nullable=True,
            label="environment",
            tooltip="Folder of another Python environment that runs it; none: napari's own.",
            value=_settings().value(ENVIRONMENT, "", type=str),
        )
        self.run = PushButton(text="Run")
        self.cancel = PushButton(text="Cancel", enabled=False)
        how = (self.factor, self.coverage, self.weights, *self.how.values())
        buttons = Container(widgets=[self.run, self.cancel], layout="horizontal", labels=False)
        super().__init__(widgets=[self.scan, *how, self.environment, buttons])
        self.weights.line_edit.native.setPlaceholderText("pretrained")
        self.environment.line_edit.native.setPlaceholderText("napari's own")
        self.factor.changed.connect(self._show_coverage)
        self.run.changed.connect(self._run)
        self.cancel.changed.connect(self._cancel)
        self.native.destroyed.connect(self._closed)
        self._show_coverage(self.factor.value)

    def _show_coverage(self, factor: int) -> None:
        self.coverage.value = f"1/{factor**2} ({100 / factor**2:.2g} %)"

    def _run(self) -> None:
        try:
            layer = _checked(self.scan.value)
            environment = _text(self.environment)
            _settings().setValue(ENVIRONMENT, environment or "")
            options = Options(**{name: widget.value for name, widget in self.how.items()})
            request = compute.Request(self.factor.value, _weights(_text(self.weights)), options)
        except InputError as error:
            notifications.show_error(str(error))
            return
        self._add = _adder(self._viewer, layer, request, environment)
        self._start(_Worker(_work(layer, request, environment)), f"{layer.name} ×{request.factor}")

    def _start(self, worker: _Worker, title: str) -> None:
        self._worker, bar = worker, progress(total=0, desc=title)
        worker.progressed.connect(lambda done, of: _show_progress(bar, done, of))
        worker.returned.connect(self._returned)
        worker.errored.connect(_show_error)
        worker.warned.connect(_show_warning)
        worker.finished.connect(bar.close)
        worker.finished.connect(self._finished)
        self.run.enabled, self.cancel.enabled = False, True
        worker.start()

    def _cancel(self) -> None:
        self.cancel.enabled = False
        if self._worker:
            self._worker.quit()

    def _closed(self) -> None:
        """The widget, and maybe the viewer, are gone: what was running must not touch them when it ends."""
        if self._worker:
            self._worker.quit()
        self._worker = None

    def _returned(self, done: compute.Done) -> None:
        if self._worker and self._add:
            self._add(done)

    def _finished(self) -> None:
        if self._worker:
            self._worker = None
            self.run.enabled, self.cancel.enabled = True, False


class _Cancelled(Exception):
    pass


class _WorkerSignals(WorkerBaseSignals):
    progressed = Signal(int, int)


class _Worker(WorkerBase):
    """Runs a function of `on_progress` in a thread. `quit` ends the function through it.

    Not a `thread_worker` generator, which napari leaves suspended when it quits, with its files and process.
    """

    def __init__(self, function: Callable[[compute.OnProgress], compute.Done]):
        super().__init__(SignalsClass=_WorkerSignals)
        self._function = function

    def work(self) -> compute.Done | None:
        try:
            return self._function(self._report)
        except _Cancelled:
            return None

    def _report(self, done: int, of: int) -> None:
        if self.abort_requested:
            raise _Cancelled
        self.progressed.emit(done, of)


def _settings() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "dlss_tf", "napari")


def _text(field: FileEdit) -> str | None:
    return field.line_edit.value.strip() or None


def _weights(text: str | None) -> str | None:
    """In full if it is a folder, for the process runs in a folder of its own."""
    folder = os.path.abspath(os.path.expanduser(text or ""))
    return folder if text and os.path.isdir(folder) else text


def _checked(layer: Image | None) -> Image:
    """InputError unless it is an image layer of one channel."""
    if not isinstance(layer, Image):
        raise InputError(f"scan: expected an image layer, found {'none' if layer is None else type(layer).__name__}")
    if layer.rgb:
        raise InputError(f"scan {layer.name}: expected one channel, found a colour image; split it into channels first")
    return layer


def _work(
    layer: Image, request: compute.Request, environment: str | None
) -> Callable[[compute.OnProgress], compute.Done]:
    data = layer.data[0] if layer.multiscale else layer.data

    def work(on_progress: compute.OnProgress) -> compute.Done:
        scan = values.real(f"scan {layer.name}", data)
        return process.supersample(environment, scan, request, on_progress)

    return work


def _adder(
    viewer: Viewer, layer: Image, request: compute.Request, environment: str | None
) -> Callable[[compute.Done], None]:
    """What adds the images as layers; the scan's layer, as it is now, says where and how they are shown."""
    _, state, _ = layer.as_layer_data_tuple()
    kept = {name: state[name] for name in KEPT if name in state}
    kept["scale"] = [*layer.scale[:-2], *layer.scale[-2:] / request.factor]
    source, name = layer.name, f"{layer.name} ×{request.factor}"

    def add(done: compute.Done) -> None:
        images, processing = done.images, {"source": source, "environment": environment, **done.provenance}
        for what in BESIDE:
            if what in images:
                own = {**kept, "colormap": "magma", "contrast_limits": None}
                own |= {"name": f"{name} {what}", "visible": False}
                viewer.add_image(images[what], metadata={"dlss_tf": processing}, **own)
        viewer.add_image(images["image"], name=name, metadata={"dlss_tf": processing}, **kept)

    return add


def _show_progress(bar: progress, done: int, of: int) -> None:
    if bar.total != of:
        bar.total = of
    if done > bar.n:
        bar.update(done - bar.n)


def _show_error(error: Exception) -> None:
    """A sentence for what the user can mend; what is our mistake goes napari's way, with its traceback."""
    if not isinstance(error, (InputError, process.ProcessEnded)):
        raise error
    notifications.show_error(str(error))


def _show_warning(arguments: tuple) -> None:
    message, category, *_ = arguments
    if category is UserWarning:  # Libraries' deprecations are nothing to a user.
        notifications.show_warning(str(message))
