"""A picture as the pages of docs/ have it: no wider than they are, and less than 300 kB.

python -m experiments.picture results/table2.png docs/images/table2.png
"""

from __future__ import annotations

import argparse
import io
import os
import sys

from PIL import Image

from dlss_tf.cli import status
from dlss_tf.errors import InputError
from dlss_tf.formats.replacing import replacing

WIDEST = 1000  # px
GREYS = 64  # of a grey picture: enough for a page, and half of the bytes
MOST = 300_000  # bytes


def shrink(source: str, target: str) -> None:
    """Write the picture `source` as PNG `target`; makes its folder.

    It is reduced to 1000 px in width, in 64 greys if it is grey. While it has 300 kB or more, colours are reduced to
    256, and then the width by tenths.

    Raises:
        InputError: `source` is not a picture.
    """
    try:
        with Image.open(source) as image:
            picture = _grey_if_it_is(image.convert("RGB"))
    except (OSError, ValueError) as error:
        raise InputError(f"{source}: expected a picture, found {error}") from None
    width, content = float(WIDEST), b""
    while not content or len(content) >= MOST:
        content = _png(picture, round(width))
        width *= 0.9
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    with replacing(target) as beside, open(beside, "wb") as file:
        file.write(content)


def _grey_if_it_is(picture: Image.Image) -> Image.Image:
    red, *others = (channel.tobytes() for channel in picture.split())
    return picture.convert("L") if all(each == red for each in others) else picture


def _png(picture: Image.Image, width: int) -> bytes:
    smaller = picture.copy()
    smaller.thumbnail((width, 4 * WIDEST))
    if smaller.mode == "L":  # evenly spaced, where a palette that is fitted leaves few for what there is little of
        return _encoded(smaller.point([round(round(i * (GREYS - 1) / 255) * 255 / (GREYS - 1)) for i in range(256)]))
    content = _encoded(smaller)
    return content if len(content) < MOST else _encoded(smaller.quantize(256, Image.Quantize.MAXCOVERAGE))


def _encoded(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, format="PNG", optimize=True)
    return content.getvalue()


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", help="a PNG that another command made")
    parser.add_argument("target", help="where the page has it, in docs/images")
    arguments = parser.parse_args()
    shrink(arguments.source, arguments.target)


if __name__ == "__main__":
    sys.exit(status("picture", main))
