"""Plots of curves against one axis, as PNGs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..formats.replacing import replacing


def write_curves(path: str, x: np.ndarray, curves: Mapping[str, np.ndarray], x_label: str, y_label: str) -> None:
    """Write curves [n] by name over x [n], y logarithmic, as a PNG, first beside `path` and then renamed."""
    figure = Figure(figsize=(6, 4), dpi=150, layout="constrained")
    canvas, axes = FigureCanvasAgg(figure), figure.add_subplot()
    for name, y in curves.items():
        axes.semilogy(x, y, label=name, linewidth=1)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(frameon=False)
    with replacing(path) as beside:
        canvas.print_png(beside)
