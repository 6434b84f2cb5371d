"""Contact sheets like the paper's figures 13-21: inputs, outputs and truths side by side, with enlarged insets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..formats.image import grey_limits
from ..formats.replacing import replacing
from ..packages import needed

try:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image
except ImportError as error:
    raise InputError(f"contact sheet: expected to find {needed(error.name or 'matplotlib')}") from error

#: Side of the region, at the top left of each image, that its inset enlarges; pixels (figs 13-21).
INSET = 64
_PANEL, _GAP, _TITLE, _LABEL = 2.4, 0.05, 0.3, 0.26  # inches, the last two of a narrow sheet, as are
_TITLE_FONT, _LABEL_FONT = 12, 9
_NARROW = 5  # columns; text on wider sheets grows with them, so that it can be read at the same width
_DPI = 150
_INSET_SHARE = 0.42  # of a panel's side
_LABEL_LENGTH = 32


class Panel(NamedTuple):
    """An image [H, W] on a sheet with greys of its own, or its row's if None, and words over its lower left corner."""

    image: np.ndarray
    limits: tuple[float, float] | None = None
    caption: str = ""


def error_maps(outputs: Sequence[np.ndarray], truth: np.ndarray) -> list[Panel]:
    """How far each output [H, W] is from the truth, in absolute numbers: black, 0, to one white for all of them.

    White is the highest of the maps' 99.9 percentiles, so that they can be told from one another.
    """
    errors = [np.abs(output.astype(np.float64) - truth) for output in outputs]
    white = max((float(np.percentile(error, 99.9)) for error in errors), default=0.0)
    return [Panel(error, (0.0, white or 1.0)) for error in errors]


def write_sheet(
    path: str, rows: Sequence[tuple[str, Sequence[np.ndarray | Panel | None]]], titles: Sequence[str]
) -> None:
    """Write a contact sheet as an 8-bit grey PNG, first beside `path` and then renamed; makes its folder.

    Every panel of a row has the grey limits of the row's last image, the truth: its 0.1 to 99.9 percentiles; but for
    those that have their own. The top left 64x64 pixels, boxed, are enlarged in the lower right corner.

    Args:
        path: where the PNG goes.
        rows: (name, [input infilled, output(s), truth]), images [H, W] in any units, the same within a row, or panels,
            or None, where nothing is drawn.
        titles: one a column.

    Raises:
        InputError: no rows or columns, a row without an image for each title, or an image that is not [H, W].
    """
    drawn = [(name, [_panel(each) for each in images]) for name, images in rows]
    _check(drawn, titles)
    scale = max(1.0, len(titles) / _NARROW)
    side, top, longest = _LABEL * scale, _TITLE * scale, round(_LABEL_LENGTH / scale)
    width = side + len(titles) * (_PANEL + _GAP)
    height = top + len(rows) * (_PANEL + _GAP)
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    for i, (name, panels) in enumerate(drawn):
        limits = next((grey_limits(each.image) for each in panels[::-1] if each and not each.limits), (0.0, 1.0))
        bottom = height - top - (i + 1) * _PANEL - i * _GAP
        label = name if len(name) <= longest else name[: longest - 3] + "..."
        figure.text(0.5 * side / width, (bottom + _PANEL / 2) / height, label, rotation=90, va="center", ha="center",
                    fontsize=_LABEL_FONT * scale, parse_math=False)  # fmt: skip
        for j, panel in enumerate(panels):
            left = side + j * (_PANEL + _GAP)
            axes = figure.add_axes((left / width, bottom / height, _PANEL / width, _PANEL / height))
            if i == 0:
                axes.set_title(titles[j], fontsize=_TITLE_FONT * scale, pad=4 * scale, parse_math=False)
            if panel is None:
                axes.set_axis_off()
                continue
            _draw(axes, panel.image, panel.limits or limits)
            _write(axes, panel.caption, _LABEL_FONT * scale)
    canvas.draw()
    _save(np.asarray(canvas.buffer_rgba()), path)


def _panel(image: np.ndarray | Panel | None) -> Panel | None:
    return image if image is None or isinstance(image, Panel) else Panel(image)


def _check(rows: Sequence[tuple[str, Sequence[Panel | None]]], titles: Sequence[str]) -> None:
    if not rows or not titles:
        raise InputError(f"sheet: expected at least one row and title, found {len(rows)} and {len(titles)}")
    for name, panels in rows:
        if len(panels) != len(titles):
            raise InputError(f"{name}: expected an image for each of {len(titles)} titles, found {len(panels)}")
        for image in (panel.image for panel in panels if panel):
            if image.ndim != 2 or not image.size:
                raise InputError(f"{name}: expected images [height, width], found one of shape {image.shape}")


def _draw(panel: Axes, image: np.ndarray, limits: tuple[float, float]) -> None:
    """Show one image and its inset in `panel`."""
    grey: dict[str, Any] = {"cmap": "gray", "vmin": limits[0], "vmax": limits[1]}
    panel.imshow(image.astype(np.float32), interpolation="antialiased", **grey)
    _frame(panel, "black", 0.5)
    region = image[:INSET, :INSET]
    height, width = region.shape
    corner = [(-0.5, height - 0.5), (width - 0.5, height - 0.5), (width - 0.5, -0.5)]
    for colour, line in (("black", 1.8), ("white", 0.8)):
        panel.plot(*zip(*corner), color=colour, linewidth=line, solid_joinstyle="miter", scalex=False, scaley=False)
    inset = panel.inset_axes((1 - _INSET_SHARE, 0.0, _INSET_SHARE, _INSET_SHARE))
    inset.imshow(region.astype(np.float32), interpolation="nearest", **grey)
    _frame(inset, "white", 1.2)


def _write(axes: Axes, words: str, size: float) -> None:
    if words:
        box = {"facecolor": "black", "edgecolor": "none", "pad": 2.0}
        axes.text(0.02, 0.02, words, transform=axes.transAxes, va="bottom", color="white", fontsize=size, bbox=box,
                  parse_math=False)  # fmt: skip


def _frame(axes: Axes, colour: str, line: float) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(color=colour, linewidth=line)


def _save(rgba: np.ndarray, path: str) -> None:
    """Write a rendered sheet [H, W, 4], all grey, as an 8-bit grey PNG, so that `path` is never half a file."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with replacing(path) as beside:
        Image.fromarray(np.ascontiguousarray(rgba[..., 1])).save(beside, format="PNG", optimize=True)
