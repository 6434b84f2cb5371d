"""PNG: read as an image, written as a picture to look at, 8 bit with a scale bar. By Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..packages import needed
from . import remarks, units
from .image import Micrograph, as_grey, grey_limits

if TYPE_CHECKING:
    from PIL.Image import Image

SCALE, IN_METRES = b"sCAL", b"\1"  # PNG's chunk of a pixel's width and height, and its first byte
HEAD = 33  # bytes, before which no other chunk may stand


def read(path: str) -> Micrograph:
    """Grey values [h, w] as they are, those of a grey palette too; InputError for colours."""
    from PIL import Image

    if _is_16_bit_colour(path):
        data = _decoded(path)
    else:
        with Image.open(path) as image:
            image.load()
            by_number = image.mode in ("P", "PA")  # of a colour in a palette
            data = np.asarray(image.convert("RGB") if by_number else image)
    return Micrograph(as_grey(path, data), *_pixel_size(path))


def _pixel_size(path: str) -> tuple[tuple[float, float] | None, str]:
    """From the chunk sCAL, in nm."""
    with open(path, "rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == SCALE and file.read(1) == IN_METRES:
                width, height = (float(side) * 1e9 for side in file.read(length - 1).split(b"\0"))
                return units.calibrated([height, width], "nm")
            if kind in (SCALE, b"IDAT"):
                break
            file.seek(length + 4, 1)
    return None, "px"


def _is_16_bit_colour(path: str) -> bool:
    """Also of grey with transparency: Pillow reduces both to 8 bits."""
    with open(path, "rb") as file:
        header = file.read(26)
    return len(header) == 26 and header[:4] == b"\x89PNG" and header[24] == 16 and header[25] != 0


def _decoded(path: str) -> np.ndarray:
    """Samples [h, w, 2 to 4] by imagecodecs, which Pillow cannot give in full."""
    try:
        import imagecodecs
    except ImportError:
        raise InputError(f"{path}: a PNG of 16-bit colours needs {needed('imagecodecs')}") from None
    with open(path, "rb") as file:
        return imagecodecs.png_decode(file.read())


def write(path: str, micrograph: Micrograph) -> None:
    """Greys from `grey_limits`, and a scale bar and the chunk sCAL if the pixel size is known."""
    from PIL import Image

    data = micrograph.data.astype(np.float64)
    low, high = grey_limits(data)
    grey = np.clip(np.nan_to_num((data - low) / (high - low)), 0, 1)
    image = Image.fromarray(np.round(255 * grey).astype(np.uint8))
    scale = b""
    if micrograph.pixel_size and micrograph.units in units.METRES:
        _draw_scale_bar(image, micrograph.pixel_size[1], micrograph.units)
        rows, columns = (size * units.METRES[micrograph.units] for size in micrograph.pixel_size)
        scale = SCALE + IN_METRES + f"{float(columns)!r}\0{float(rows)!r}".encode()
        scale = struct.pack(">I", len(scale) - 4) + scale + struct.pack(">I", zlib.crc32(scale))
    elif micrograph.pixel_size:
        remarks.say(f"PNG has no unit {micrograph.units}; the pixel size is left out")
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    with open(path, "wb") as file:  # Pillow writes no such chunk
        file.write(content.getvalue()[:HEAD] + scale + content.getvalue()[HEAD:])


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
