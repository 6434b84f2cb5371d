"""PNG: read as an image, written as a picture to look at, 8 bit with a scale bar. By Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..packages import needed
from . import drawing, notes, remarks, units
from .image import Micrograph, as_grey

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

SCALE, IN_METRES = b"sCAL", b"\1"  # PNG's chunk of a pixel's width and height, and its first byte
TITLE, DESCRIPTION = "Title", "Description"  # texts that the PNG specification names
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEAD = 33  # bytes, before which no other chunk may stand
LONGEST = 1_000_000  # bytes of a chunk that is looked at


def read(path: str) -> Micrograph:
    """Grey values [h, w] as they are, those of a grey palette too; InputError for colours."""
    from PIL import Image

    texts: dict[str, str] = {}
    if _is_16_bit_colour(path):
        data = _decoded(path)
    else:
        with Image.open(path) as image:
            image.load()
            by_number = image.mode in ("P", "PA")  # of a colour in a palette
            data = np.asarray(image.convert("RGB") if by_number else image)
            texts = getattr(image, "text", texts)
    history, provenance = notes.split(str(texts.get(DESCRIPTION, "")).splitlines())
    size, unit = _pixel_size(path)
    return Micrograph(as_grey(path, data), size, unit, str(texts.get(TITLE, "")), history, provenance=provenance)


def _pixel_size(path: str) -> tuple[tuple[float, float] | None, str]:
    """From the chunk sCAL, in nm."""
    for kind, content in _chunks(path):
        if kind == SCALE and content.startswith(IN_METRES):
            width, height = (float(side) * 1e9 for side in content[1:].split(b"\0"))
            return units.calibrated([height, width], "nm")
    return None, "px"


def provenance(path: str) -> dict[str, Any]:
    """Where a PNG of ours came from, as it tells, whatever its colours, for its pixels are not read; {} of any other.

    Raises:
        OSError: it cannot be read.
    """
    head = DESCRIPTION.encode() + b"\0" * 5  # not compressed, in no language, by no other name
    for kind, content in _chunks(path):
        if kind == b"iTXt" and content.startswith(head):
            return notes.split(content.removeprefix(head).decode(errors="replace").splitlines())[1]
    return {}


def _chunks(path: str) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and contents of those that stand before the pixels; none of another file."""
    with open(path, "rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            return
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"IDAT":
                return
            if length > LONGEST:
                file.seek(length, 1)
            else:
                yield kind, file.read(length)
            file.seek(4, 1)


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
    """In the image's greys, with title and notes, and a scale bar and the chunk sCAL if the pixel size is known."""
    from PIL import Image

    data = micrograph.data.astype(np.float64)
    low, high = micrograph.greys()
    grey = np.clip(np.nan_to_num((data - low) / (high - low)), 0, 1)
    image = Image.fromarray(np.round(255 * grey).astype(np.uint8))
    scale = b""
    if micrograph.pixel_size and micrograph.units in units.METRES:
        drawing.draw_scale_bar(image, micrograph.pixel_size[1], micrograph.units)
        rows, columns = (size * units.METRES[micrograph.units] for size in micrograph.pixel_size)
        scale = SCALE + IN_METRES + f"{float(columns)!r}\0{float(rows)!r}".encode()
        scale = struct.pack(">I", len(scale) - 4) + scale + struct.pack(">I", zlib.crc32(scale))
    elif micrograph.pixel_size:
        remarks.say(f"PNG has no unit {micrograph.units}; the pixel size is left out")
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True, pnginfo=texts_of(micrograph))
    with open(path, "wb") as file:  # Pillow writes no such chunk
        file.write(content.getvalue()[:HEAD] + scale + content.getvalue()[HEAD:])


def texts_of(micrograph: Micrograph) -> PngInfo:
    """Title and notes, as the PNG specification calls them."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    for name, text in ((TITLE, micrograph.title), (DESCRIPTION, "\n".join(micrograph.notes))):
        if text:
            texts.add_itxt(name, text)
    return texts
