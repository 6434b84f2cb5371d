"""What pictures for people share: scale bars of round lengths, and words in a font that Pillow brings."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from . import units

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont


def font(size: int) -> FreeTypeFont | ImageFont:
    """Pillow's own, with letters `size` px high."""
    from PIL import ImageFont

    return ImageFont.load_default(size=size)


def plain(text: str) -> str:
    """In ASCII, all that Pillow's font has: "um" for "µm", letters without their accents, "?" for what is none."""
    letters = unicodedata.normalize("NFKD", text).replace("\u03bc", "u")
    return re.sub("[\u0300-\u036f]", "", letters).encode("ascii", "replace").decode()


def scale_bar(width: int, pixel_size: float, unit: str) -> tuple[int, str]:
    """A bar of 1/10 to 1/4 of `width` px: its length in px, and in words, 1, 2 or 5 times a power of ten ("20 nm").

    `unit` is that of the pixel size, one of `units.METRES`.
    """
    pixel = pixel_size * units.METRES[unit]
    longest = width * pixel / 4
    power = 10.0 ** np.floor(np.log10(longest))
    length = max(step * power for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9))
    return round(length / pixel), units.said(length)


def draw_scale_bar(image: Image, pixel_size: float, unit: str) -> None:
    """White on a black rim, at the lower left of an image whose pixels have that width."""
    from PIL import ImageDraw

    length, words = scale_bar(image.width, pixel_size, unit)
    thick, margin = max(2, image.height // 100), max(3, image.width // 40)
    left, bottom = margin, image.height - margin
    draw = ImageDraw.Draw(image)
    draw.rectangle([left - 1, bottom - thick - 1, left + length + 1, bottom + 1], fill="black")
    draw.rectangle([left, bottom - thick, left + length, bottom], fill="white")
    letters = font(max(10, image.height // 25))
    rim: dict[str, Any] = {"stroke_width": 1, "stroke_fill": "black"}
    draw.text((left, bottom - 2 * thick), plain(words), "white", letters, anchor="ls", **rim)


def evenly_spaced(count: int, images: int) -> set[int]:
    """Numbers of the images, `count` from the first to the last or all if there are fewer, that a sheet shows."""
    return {round(i) for i in np.linspace(0, images - 1, min(count, images))}
