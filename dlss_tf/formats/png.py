"""PNG: read as an image, written as a picture to look at, 8 bit with a scale bar. By Pillow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import units
from .image import Micrograph, as_grey, grey_limits

if TYPE_CHECKING:
    from PIL.Image import Image


def read(path: str) -> Micrograph:
    """Grey values [h, w] as they are; InputError for colours."""
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        return Micrograph(as_grey(path, np.asarray(image)))


def write(path: str, micrograph: Micrograph) -> list[str]:
    """Greys from `grey_limits`, and a scale bar if the pixel size is known."""
    from PIL import Image

    data = micrograph.data.astype(np.float64)
    low, high = grey_limits(data)
    grey = np.clip(np.nan_to_num((data - low) / (high - low)), 0, 1)
    image = Image.fromarray(np.round(255 * grey).astype(np.uint8))
    if micrograph.pixel_size and micrograph.units in units.METRES:
        _draw_scale_bar(image, micrograph.pixel_size[1], micrograph.units)
    image.save(path, optimize=True)
    return []


def scale_bar(width: int, pixel_size: float) -> float:
    """Length of a bar, 1, 2 or 5 times a power of ten in the units of the pixel size: 1/10 to 1/4 of `width` px."""
    longest = width * pixel_size / 4
    power = 10.0 ** np.floor(np.log10(longest))
    return float(max(step * power for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9)))


def _draw_scale_bar(image: Image, pixel_size: float, unit: str) -> None:
    """White on a black rim, at the lower left."""
    from PIL import ImageDraw, ImageFont

    length = scale_bar(image.width, pixel_size)
    thick, margin = max(2, image.height // 100), max(3, image.width // 40)
    left, bottom = margin, image.height - margin
    draw = ImageDraw.Draw(image)
    right = left + round(length / pixel_size)
    draw.rectangle([left - 1, bottom - thick - 1, right + 1, bottom + 1], fill=0)
    draw.rectangle([left, bottom - thick, right, bottom], fill=255)
    font = ImageFont.load_default(size=max(10, image.height // 25))
    label = f"{length:g} {unit}".replace("µ", "u")  # which Pillow's font does not have
    draw.text((left, bottom - 2 * thick), label, 255, font, anchor="ls", stroke_width=1, stroke_fill=0)
