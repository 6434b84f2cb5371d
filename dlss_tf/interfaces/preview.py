"""A picture to look at beside each result: scan, image and what came beside it, of the same part of the specimen."""

from __future__ import annotations

import dataclasses
import importlib.util
import io
import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .. import lattice
from ..errors import shown
from ..formats import drawing, png, units
from ..formats.image import Micrograph, grey_limits
from ..inference.guessed import MARKED
from .outputs import PREVIEW

if TYPE_CHECKING:
    from PIL.Image import Image

PANEL = 480  # px, the longest side of an image; larger ones are reduced, and a part of them is shown enlarged below
ZOOM = 2  # times, that part
GAP, NARROWEST, LETTERS, BAR = 12, 240, 17, 12  # px: between panels, a panel with its words, letters, a colour bar
COMPRESSION = 3  # of 9
#: A picture has one palette, a third of the bytes of red, green and blue: greys, colours, and that of a mark.
BLACK, WHITE, DARK, LIGHT, MARK = 0, 127, 128, 254, 255
MARK_COLOUR = "ff9f1c"  # around the part that is enlarged
#: From dark to light at equal steps, matplotlib's magma (CC0): equal steps of value look equal.
COLOURS = ("000004", "1d1147", "51127c", "832681", "b73779", "e75263", "fc8961", "fec488", "fcfdbf")


class Panel(NamedTuple):
    """An image as numbers of greys or colours, uint8 [H, W], and what is said of it."""

    title: str
    numbers: np.ndarray
    ticks: Mapping[str, float] | None = None  # words along the colour bar, and where, 0 to 1; None for greys
    about: str = ""  # the colours


def possible() -> bool:
    """Whether Pillow is there to draw with."""
    return importlib.util.find_spec("PIL") is not None


def picture(source: str, scan: Micrograph, results: Mapping[str, Micrograph], factor: int, generator: str) -> bytes:
    """A PNG of `results`, named as `options.IMAGES`, beside the scan of the file `source`; of stacks, the first frame.

    Scan, its samples repeated, and image have the same greys; uncertainty and guessed shares colours, from 0. Images
    longer than 480 px are reduced by area means, and where there is most to see 240 px of them are shown enlarged.
    """
    panels = _panels(scan, results, factor)
    shape = panels[0].numbers.shape
    size = tuple(max(1, round(side * min(1.0, PANEL / max(shape)))) for side in shape)
    repeated = max(1, round(PANEL / max(shape))) if size == shape else 1
    whole = [_fitted(panel, size, repeated) for panel in panels]
    image = results["image"]
    rows = [_with_scale_bars(whole, panels, image, shape[1])]
    if size != shape:
        part = _most_to_see(panels[1].numbers)
        enlarged = [_enlarged(panel, part) for panel in panels]
        rows.append(_with_scale_bars(enlarged, panels, image, part[1].stop - part[1].start))
        _mark(rows[0], part, size[1] / shape[1])
    caption = f"{shown(os.path.basename(source))}{_of_frames(image)}, supersampled by {factor} with {generator}"
    return _png(_together(panels, rows, caption), image)


def _panels(scan: Micrograph, results: Mapping[str, Micrograph], factor: int) -> list[Panel]:
    result = results["image"]
    samples, image = _frame(scan), _frame(result)
    greys = grey_limits(image)
    infilled = lattice.infill(_numbers(samples, *greys), image.shape, factor, (0, 0))
    panels = [
        Panel(f"scan, {_size(samples)}", infilled),
        Panel(f"image, {_size(image)}{_of_pixels(result)}", _numbers(image, *greys)),
    ]
    if "uncertainty" in results:
        deviations = _frame(results["uncertainty"])
        most = max(grey_limits(deviations)[1], float(np.finfo(np.float32).tiny))
        ticks = {f"{float(f'{share * most:.3g}'):g}": share for share in (0.0, 0.5, 1.0)}
        about = "standard deviation, in the scan's units"
        panels.append(Panel("uncertainty", _numbers(deviations, 0.0, most), ticks, about))
    if "guessed" in results:  # its root, so that the shares that matter, small ones, can be told apart
        ticks = {f"{share:g}": share**0.5 for share in (0.0, MARKED, 0.25, 1.0)}
        roots = np.sqrt(_frame(results["guessed"]))
        panels.append(Panel("guessed", _numbers(roots, 0.0, 1.0), ticks, f"above {MARKED:g} it may be invented"))
    return panels


def _frame(micrograph: Micrograph) -> np.ndarray:
    """The first [H, W]."""
    return micrograph.data.reshape(-1, *micrograph.data.shape[-2:])[0]


def _numbers(data: np.ndarray, low: float, high: float) -> np.ndarray:
    """Data as 0, `low`, to 255, `high`; what is not finite as 0."""
    data = np.nan_to_num(data, nan=low, posinf=high, neginf=low).astype(np.float64 if data.itemsize > 4 else np.float32)
    return np.rint((np.clip(data, low, high) - low) * (255 / (high - low))).astype(np.uint8)


def _fitted(panel: Panel, size: Sequence[int], repeated: int) -> Image:
    from PIL import Image

    height, width = (side * repeated for side in size)
    how = Image.Resampling.NEAREST if repeated > 1 else Image.Resampling.BOX
    return Image.fromarray(panel.numbers).resize((width, height), how)


def _enlarged(panel: Panel, part: tuple[slice, slice]) -> Image:
    from PIL import Image

    return Image.fromarray(panel.numbers[part].repeat(ZOOM, 0).repeat(ZOOM, 1))


def _in_palette(numbers: Image, panel: Panel) -> Image:
    """Greys or colours of the picture's palette for 0 to 255."""
    first, last = (BLACK, WHITE) if panel.ticks is None else (DARK, LIGHT)
    return numbers.point([first + round(i * (last - first) / 255) for i in range(256)])


def _palette() -> bytes:
    """256 colours, RGB each."""
    greys = np.linspace(0, 255, WHITE - BLACK + 1)[:, None].repeat(3, 1)
    known = np.array([list(bytes.fromhex(colour)) for colour in COLOURS])
    places = np.linspace(0, len(known) - 1, LIGHT - DARK + 1)
    colours = np.stack([np.interp(places, np.arange(len(known)), channel) for channel in known.T], 1)
    return np.rint(np.vstack([greys, colours])).astype(np.uint8).tobytes() + bytes.fromhex(MARK_COLOUR)


def _most_to_see(numbers: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the part that varies most."""
    height, width = (min(PANEL // ZOOM, side) for side in numbers.shape)
    down, across = numbers.shape[0] // height, numbers.shape[1] // width
    parts = numbers[: down * height, : across * width].reshape(down, height, across, width)
    spread = parts.std((1, 3), dtype=np.float32)
    if min(down, across) > 2:  # borders are told least well
        spread[[0, -1]] = spread[:, [0, -1]] = -1
    row, column = np.unravel_index(np.argmax(spread), spread.shape)
    return slice(row * height, (row + 1) * height), slice(column * width, (column + 1) * width)


def _with_scale_bars(images: Sequence[Image], panels: Sequence[Panel], result: Micrograph, width: int) -> list[Image]:
    """Images in which so many px of the result are seen, in the palette, greys with a scale bar."""
    if result.pixel_size and result.units in units.METRES:
        for image in (image for image, panel in zip(images, panels) if panel.ticks is None):
            drawing.draw_scale_bar(image, result.pixel_size[1] * width / image.width, result.units)
    return [_in_palette(image, panel) for image, panel in zip(images, panels)]


def _mark(images: Sequence[Image], part: tuple[slice, slice], ratio: float) -> None:
    from PIL import ImageDraw

    rows, columns = part
    box = [round(each * ratio) for each in (columns.start, rows.start, columns.stop - 1, rows.stop - 1)]
    for image in images:
        ImageDraw.Draw(image).rectangle(box, outline=MARK, width=2)


def _size(image: np.ndarray) -> str:
    return "x".join(map(str, image.shape)) + " px"


def _of_pixels(result: Micrograph) -> str:
    if not result.pixel_size or result.units not in units.METRES:
        return ""
    return " of " + " x ".join(
        dict.fromkeys(units.said(size * units.METRES[result.units]) for size in result.pixel_size)
    )


def _of_frames(result: Micrograph) -> str:
    frames = math.prod(result.data.shape[:-2])
    return f", frame 1 of {frames}" if frames > 1 else ""


def _together(panels: Sequence[Panel], rows: Sequence[Sequence[Image]], caption: str) -> Image:
    """Panels side by side in rows, under their titles, over colour bars, and a caption over all."""
    from PIL import Image, ImageDraw

    letters, line = drawing.font(LETTERS), round(1.6 * LETTERS)
    widths = [max(NARROWEST, *(row[i].width for row in rows)) for i in range(len(panels))]
    heights = [row[0].height for row in rows]
    bars = any(panel.ticks for panel in panels)
    width = sum(widths) + GAP * (len(widths) + 1)
    top_row = GAP + round(2.6 * line)
    height = top_row + sum(heights) + GAP * len(rows) + (BAR + 2 * line if bars else 0)
    page = Image.new("L", (width, height), WHITE)
    draw = ImageDraw.Draw(page)
    draw.text((GAP, GAP), _cut(caption, width - 2 * GAP), BLACK, letters)
    left = GAP
    for panel, wide, images in zip(panels, widths, zip(*rows)):
        draw.text((left, top_row - line), drawing.plain(panel.title), BLACK, letters)
        top = top_row
        for image in images:
            page.paste(image, (left, top))
            top += image.height + GAP
        if panel.ticks:
            _draw_colour_bar(page, panel, left, top, images[0].width)
        left += wide + GAP
    return page


def _draw_colour_bar(page: Image, panel: Panel, left: int, top: int, width: int) -> None:
    from PIL import Image, ImageDraw

    width = max(width, NARROWEST)
    letters, draw = drawing.font(LETTERS - 3), ImageDraw.Draw(page)
    ramp = np.tile(np.linspace(0, 255, width).astype(np.uint8), (BAR, 1))
    page.paste(_in_palette(Image.fromarray(ramp), panel), (left, top))
    for words, place in (panel.ticks or {}).items():
        anchor = "la" if place == 0 else "ra" if place == 1 else "ma"
        draw.text((left + round(place * (width - 1)), top + BAR + 4), words, BLACK, letters, anchor=anchor)
    draw.text((left, top + BAR + 4 + round(1.4 * LETTERS)), drawing.plain(panel.about), BLACK, letters)


def _cut(words: str, width: int) -> str:
    """As much as goes into so many px, its middle left out."""
    letters, words = drawing.font(LETTERS), drawing.plain(words)
    kept = words
    for length in range(len(words), 0, -1):
        kept = words if length == len(words) else f"{words[: length // 2]}...{words[len(words) - (length + 1) // 2 :]}"
        if letters.getlength(kept) <= width:
            break
    return kept


def _png(page: Image, result: Micrograph) -> bytes:
    """With the title and notes of the result, and that it is a preview."""
    content = io.BytesIO()
    page.putpalette(_palette())
    result = dataclasses.replace(result, provenance={**result.provenance, "result": PREVIEW})
    page.save(content, "PNG", compress_level=COMPRESSION, pnginfo=png.texts_of(result))
    return content.getvalue()
