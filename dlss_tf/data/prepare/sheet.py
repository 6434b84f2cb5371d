"""A contact sheet of a prepared data set: crops of each split, and of what was left out and why."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ... import micrograph
from ...errors import gathered, reason, warn
from ...formats import drawing
from ...formats.image import grey_limits
from ...formats.replacing import replacing
from ...simulation.dataset import SPLITS
from ..files import read_tiff
from .cuts import Cut
from .looks import area_means
from .record import Record
from .worth import EMPTY, NOT_FINITE, SATURATED

if TYPE_CHECKING:
    from PIL.Image import Image

LEFT_OUT = (EMPTY, SATURATED, NOT_FINITE)
SIDE, COLUMNS, ROWS = 120, 8, 2  # px of a crop, crops side by side, and rows of a split
GAP, WORDS = 6, 22  # px, between crops and for a line of words
BLACK, GREY, WHITE = 0, 110, 255


class _Shown(NamedTuple):
    """A crop of a file, and what is said of it."""

    file: str
    image: int | None
    cut: Cut
    name: str | None
    words: str


def write(path: str, record: Record, size: int) -> None:
    """A grey PNG of up to 16 crops of each split, evenly spaced in the record's order, and up to 8 that were left out.

    Each is reduced by area means and shown between its own 0.1 and 99.9 percentiles. What was left out is read from its
    file again. Warns if it cannot be drawn, which costs nothing else.
    """
    if importlib.util.find_spec("PIL") is None:
        warn(f"{path}: expected Pillow to draw a contact sheet, found none; the data set is complete", stacklevel=2)
        return
    try:
        picture = _drawn(record, size)
        with replacing(path) as beside:
            picture.save(beside, format="PNG", optimize=True)
    except Exception as error:  # memory is short, or whatever else
        warn(f"{path}: expected a contact sheet, found that it cannot be drawn ({reason(error)})", stacklevel=2)


def _drawn(record: Record, size: int) -> Image:
    from PIL import Image, ImageDraw

    totals = _totals(record)
    chosen = _chosen(record, totals)
    sections = [(name, shown) for name, shown in chosen.items() if shown]
    height = sum(WORDS + -(-len(shown) // COLUMNS) * (SIDE + GAP + WORDS) for _, shown in sections)
    picture = Image.new("L", (COLUMNS * (SIDE + GAP) + GAP, height + GAP), WHITE)
    draw = ImageDraw.Draw(picture)
    letters, small = drawing.font(14), drawing.font(10)
    top = GAP
    for name, shown in sections:
        draw.text((GAP, top), f"{name}: {totals[name]} crops", BLACK, letters)
        top += WORDS
        for number, each in enumerate(shown):
            row, column = divmod(number, COLUMNS)
            left, above = GAP + column * (SIDE + GAP), top + row * (SIDE + GAP + WORDS)
            draw.text((left, above + SIDE + 2), drawing.plain(each.words)[:19], GREY, small)
            crop = _crop(record.root, name, each, size)
            if crop is not None:
                picture.paste(Image.fromarray(_thumbnail(crop)), (left, above))
        top += -(-len(shown) // COLUMNS) * (SIDE + GAP + WORDS)
    return picture


def _sections(record: Record) -> Iterator[tuple[str, _Shown]]:
    """Each crop that may be shown, and in which part of the sheet."""
    for entry in record.entries():
        for crop in entry["crops"]:
            cut = Cut(crop["frame"], crop["row"], crop["column"])
            stem = micrograph.stem_of(entry["file"])
            if "name" in crop:
                yield entry["split"], _Shown(entry["file"], crop["image"], cut, crop["name"], stem)
            elif crop["left_out"] in LEFT_OUT:
                yield "left out", _Shown(entry["file"], crop["image"], cut, None, f"{crop['left_out']}: {stem}")


def _totals(record: Record) -> dict[str, int]:
    totals = dict.fromkeys((*SPLITS, "left out"), 0)
    for name, _ in _sections(record):
        totals[name] += 1
    return totals


def _chosen(record: Record, totals: Mapping[str, int]) -> dict[str, list[_Shown]]:
    """Those that are shown."""
    most = dict.fromkeys(SPLITS, COLUMNS * ROWS) | {"left out": COLUMNS}
    wanted = {name: drawing.evenly_spaced(most[name], total) for name, total in totals.items()}
    chosen: dict[str, list[_Shown]] = {name: [] for name in totals}
    seen = dict.fromkeys(totals, 0)
    for name, shown in _sections(record):
        if seen[name] in wanted[name]:
            chosen[name].append(shown)
        seen[name] += 1
    return chosen


def _crop(root: str, split: str, shown: _Shown, size: int) -> np.ndarray | None:
    """The crop in float; None if it cannot be read any more, or was removed."""
    try:
        if shown.name is not None:
            return read_tiff(os.path.join(root, split, shown.name))
        with gathered():
            ((_, _, frame),) = micrograph.frames(shown.file, shown.image, shown.cut.frame)
        return frame[shown.cut.row :, shown.cut.column :][:size, :size].astype(np.float64)
    except ValueError:
        return None


def _thumbnail(crop: np.ndarray) -> np.ndarray:
    low, high = grey_limits(crop)
    greys = np.clip((np.nan_to_num(crop, nan=low) - low) / (high - low), 0, 1)
    return np.rint(255 * area_means(greys, min(SIDE, len(crop)))).astype(np.uint8)
