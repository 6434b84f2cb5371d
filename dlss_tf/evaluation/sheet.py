"""Contact sheets like the paper's figures 13-21: inputs, outputs and truths side by side, with enlarged insets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

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


def evenly_spaced(count: int, images: int) -> set[int]:
    """Numbers of the images, `count` from the first to the last or all if there are fewer, that a sheet shows."""
    return {round(i) for i in np.linspace(0, images - 1, min(count, images))}


def write_sheet(path: str, rows: list[tuple[str, list[np.ndarray]]], titles: list[str]) -> None:
    """Write a contact sheet as an 8-bit grey PNG, first beside `path` and then renamed; makes its folder.

    Every panel of a row has the grey limits of the row's last one, the truth: its 0.1 to 99.9 percentiles. The
    top left 64x64 pixels, boxed, are enlarged in the lower right corner.

    Args:
        path: where the PNG goes.
        rows: (name, [input infilled, output(s), truth]), images [H, W] in any units, the same within a row.
        titles: one a column.

    Raises:
        InputError: no rows or columns, a row without an image for each title, or an image that is not [H, W].
    """
    _check(rows, titles)
    scale = max(1.0, len(titles) / _NARROW)
    side, top, longest = _LABEL * scale, _TITLE * scale, round(_LABEL_LENGTH / scale)
    width = side + len(titles) * (_PANEL + _GAP)
    height = top + len(rows) * (_PANEL + _GAP)
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    for i, (name, images) in enumerate(rows):
        limits = grey_limits(images[-1])
        bottom = height - top - (i + 1) * _PANEL - i * _GAP
        label = name if len(name) <= longest else name[: longest - 3] + "..."
        figure.text(0.5 * side / width, (bottom + _PANEL / 2) / height, label, rotation=90, va="center", ha="center",
                    fontsize=_LABEL_FONT * scale, parse_math=False)  # fmt: skip
        for j, image in enumerate(images):
            left = side + j * (_PANEL + _GAP)
            box = (left / width, bottom / height, _PANEL / width, _PANEL / height)
            panel = _draw(figure.add_axes(box), image, limits)
            if i == 0:
                panel.set_title(titles[j], fontsize=_TITLE_FONT * scale, pad=4 * scale, parse_math=False)
    canvas.draw()
    _save(np.asarray(canvas.buffer_rgba()), path)


def _check(rows: Sequence[tuple[str, Sequence[np.ndarray]]], titles: Sequence[str]) -> None:
    if not rows or not titles:
        raise InputError(f"sheet: expected at least one row and title, found {len(rows)} and {len(titles)}")
    for name, images in rows:
        if len(images) != len(titles):
            raise InputError(f"{name}: expected an image for each of {len(titles)} titles, found {len(images)}")
        for image in images:
            if image.ndim != 2 or not image.size:
                raise InputError(f"{name}: expected images [height, width], found one of shape {image.shape}")


def _draw(panel: Axes, image: np.ndarray, limits: tuple[float, float]) -> Axes:
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
    return panel


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
