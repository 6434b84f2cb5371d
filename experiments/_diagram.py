"""Columns of boxes, drawn as the paper draws its networks. Lengths are inches, downwards from the top left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from ._boxes import Block, Box
from ._report import COLOURS, DPI, FIGURE_WIDTH, FONT

HEIGHT, GAP, RADIUS, MARGIN = 0.27, 0.15, 0.085, 0.08  # of a box, between boxes, of a sum, above a residual block
CENTRES, WIDTH, BETWEEN, TOP = (1.32, 4.56), 1.78, 3.13, 0.08  # of two columns and their boxes; of a line between them
TITLE = 0.3
COLOUR = {"conv": COLOURS[0], "transposed": COLOURS[2], "bilinear": COLOURS[4], "linear": COLOURS[3]}
DOWN = COLOURS[1]  # a convolution that makes its input smaller
GREY = "#555555"
ARROW: dict[str, Any] = {"arrowstyle": "-|>", "color": "black", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}

OUTSIDE: dict[str, Any] = {
    "ha": "left",
    "fontsize": FONT - 2,
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1},
}

Places = dict[str, tuple[float, float]]  # centres of boxes by name


def canvas(height: float) -> tuple[Figure, Axes]:
    """A figure of the one width, and axes in inches."""
    figure = Figure(figsize=(FIGURE_WIDTH, height), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, FIGURE_WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def length(blocks: Sequence[Block]) -> float:
    """Of a column, title included."""
    margins = MARGIN * sum(len(block.boxes) > 1 for block in blocks)
    return TITLE + margins + sum(_step(box) for block in blocks for box in block.boxes)


def draw_column(axes: Axes, blocks: Sequence[Block], title: str, centre: float, top: float, width: float) -> Places:
    """Draw boxes of that width below one another, each with its output's size at its right."""
    axes.text(centre, top + 0.08, title, ha="center", va="center", fontsize=FONT, fontweight="bold")
    places: Places = {}
    y, above = top + TITLE, None
    for block in blocks:
        start = y = y + MARGIN * (len(block.boxes) > 1)
        for box in block.boxes:
            size = 2 * RADIUS if box.kind == "add" else HEIGHT
            if above is not None:
                arrow(axes, (centre, above), (centre, y))
            places[box.name] = centre, y + size / 2
            _draw_box(axes, box, centre, y, width)
            above, y = y + size, y + _step(box)
        if len(block.boxes) > 1:
            _draw_skip(axes, block.times, centre, start, above or y, width)
    return places


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], **style: Any) -> None:
    """From one point to another."""
    axes.annotate("", end, start, arrowprops={**ARROW, **style})


def elbow(axes: Axes, *corners: tuple[float, float]) -> None:
    """A line through corners that ends in an arrow."""
    axes.plot(*zip(*corners[:-1]), color="black", linewidth=0.8, solid_joinstyle="miter")
    arrow(axes, corners[-2], corners[-1])


def _step(box: Box) -> float:
    return (2 * RADIUS if box.kind == "add" else HEIGHT) + GAP


def _draw_box(axes: Axes, box: Box, centre: float, y: float, width: float) -> None:
    text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": FONT - 1.5}
    if box.kind == "add":
        axes.add_patch(Circle((centre, y + RADIUS), RADIUS, facecolor="white", edgecolor="black", linewidth=0.8))
        axes.plot((centre - RADIUS, centre + RADIUS), (y + RADIUS, y + RADIUS), "k", linewidth=0.8)
        axes.plot((centre, centre), (y, y + 2 * RADIUS), "k", linewidth=0.8)
        return
    smaller = box.kind == "conv" and box.stride > 1
    colour = DOWN if smaller else COLOUR.get(box.kind, GREY)
    corner = centre - width / 2, y
    style: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.05", "linewidth": 1}
    axes.add_patch(FancyBboxPatch(corner, width, HEIGHT, facecolor="white", edgecolor="none", **style))
    axes.add_patch(FancyBboxPatch(corner, width, HEIGHT, facecolor=(colour, 0.2), edgecolor=colour, **style))
    axes.text(centre, y + HEIGHT / 2, box.label(), **text)
    axes.text(centre + width / 2 + 0.11, y + HEIGHT / 2, box.size(), color=GREY, **{**text, **OUTSIDE})


def _draw_skip(axes: Axes, times: int, centre: float, start: float, end: float, width: float) -> None:
    """A frame around a residual block, the skip on its left and how often it comes."""
    fork, total, side = start - GAP / 2, end - RADIUS, centre - width / 2 - 0.08
    elbow(axes, (centre, fork), (side, fork), (side, total), (centre - RADIUS, total))
    corner = side - 0.08, fork - 0.05
    frame = Rectangle(
        corner, width + 0.24, end - fork + 0.09, fill=False, linestyle="--", edgecolor=GREY, linewidth=0.8
    )
    axes.add_patch(frame)
    axes.text(corner[0] - 0.06, (start + end) / 2, f"{times}×", ha="right", va="center", fontsize=FONT)


def foot(axes: Axes, text: str) -> None:
    """A line of words below all columns."""
    axes.text(0.1, axes.get_ylim()[0] - 0.1, text, ha="left", va="center", fontsize=FONT - 1.5, color=GREY)
