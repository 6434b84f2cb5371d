"""docs/images/napari.png: the plugin in napari, with the demo's scan, its options and the result of *Run*.

    xvfb-run -a -s '-screen 0 1400x900x24' python -m experiments.napari_picture --picture docs/images/napari.png

where napari and dlss_tf with what runs a generator are installed: `pip install './light[napari]'`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from importlib.metadata import packages_distributions

import napari
from napari.viewer import Viewer
from qtpy.QtCore import QSettings
from qtpy.QtWidgets import QApplication

from dlss_tf import micrograph
from dlss_tf.cli import status
from dlss_tf.errors import InputError
from dlss_tf.interfaces.napari.widget import Supersample
from dlss_tf.simulation.dataset import DEMO

from .picture import shrink

WIDTH, HEIGHT, LONGEST = 1330, 650, 60  # px of the window; s of a run
SAMPLES = 48  # a side, of the part of the scan that is shown
SETTLED = 1.0  # s, for what is drawn later than it is asked for


def draw(path: str) -> None:
    """Write a screenshot of napari, as large as it is.

    Raises:
        InputError: no image came in a minute.
    """
    viewer = napari.Viewer()
    viewer.window._qt_window.resize(WIDTH, HEIGHT)
    scan = micrograph.read(DEMO)
    viewer.add_image(scan.data[:SAMPLES, :SAMPLES], name="crystal", scale=scan.pixel_size, units=(scan.units,) * 2)
    plugin = packages_distributions()["dlss_tf"][0]  # dlss_tf, or dlss_tf_light
    _, widget = viewer.window.add_plugin_dock_widget(plugin, "Supersample")
    _run(widget, viewer)
    viewer.canvas.grid.shape, viewer.canvas.grid.enabled = (1, -1), True
    viewer.canvas.overlays.scale_bar.visible = True
    viewer.reset_view()
    _wait(SETTLED)
    viewer.window.screenshot(path, flash=False, canvas_only=False)
    viewer.close()


def _run(widget: Supersample, viewer: Viewer) -> None:
    widget.how["uncertainty"].value = True
    widget.run.native.click()
    end = time.monotonic() + LONGEST
    while widget.cancel.enabled and time.monotonic() < end:
        _wait(0.1)
    if len(viewer.layers) < 2:
        raise InputError(f"napari: expected an image within {LONGEST} s, found none")


def _wait(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def main() -> None:
    """Draw it, with settings of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", required=True, help="where the picture goes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
        path = os.path.join(folder, "napari.png")
        draw(path)
        shrink(path, arguments.picture)


if __name__ == "__main__":
    sys.exit(status("napari_picture", main))
