"""TIFF files as instruments write them, with tags of their own."""

import struct

import numpy as np
import tifffile
from tifffile import TIFF

IMAGE = np.arange(320, dtype=np.uint8).reshape(16, 20)


def text(code, content):
    return (code, "s", 0, content if isinstance(content, bytes) else content.encode(), True)


def undefined(code, content):
    return (code, 7, len(content), content, True)


def write(path, *tags, **options):
    tifffile.imwrite(path, IMAGE, metadata=None, extratags=tags, **options)
    return path


def digital_micrograph(columns=0.25, rows=0.5, of_columns=b"nm", of_rows=b"nm"):
    named = [text(65003, of_columns), text(65004, of_rows)]
    return [*named, (65009, "d", 1, columns, True), (65010, "d", 1, rows, True)]


def write_olympus(path, exponent, columns, rows):
    """With tag 33560, whose structure points to another by its place in the file."""
    general = struct.pack("<10xhdd8xd2x34s32s", exponent, columns, rows, 1000.0, b"camera", b"image")
    head = struct.pack("<4s6xhhhhh6x32sH", b"SIS0", 0, 0, 1, 0, 100, b"name", 1)
    write(path, undefined(33560, head + struct.pack("<hhI", 1, 1, 0) + general))
    content = path.read_bytes()
    place = content.index(b"SIS0")
    pointed = head + struct.pack("<hhI", 1, 1, place + len(head) + 8)
    path.write_bytes(content[:place] + pointed + content[place + len(pointed) :])
    return path


def tvips(columns, rows, version=2):
    first, second = (np.zeros((), np.dtype(types)) for types in (TIFF.TVIPS_HEADER_V1, TIFF.TVIPS_HEADER_V2))
    first["Version"] = version
    second["PixelSizeX"], second["PixelSizeY"], second["Magic"] = columns, rows, 0xAAAAAAAA
    return undefined(37706, first.tobytes() + (second.tobytes() if version == 2 else b""))


def ome(path, *images):
    """Images of (name, sides, pixel size, unit)."""
    with tifffile.TiffWriter(path, ome=True) as file:
        for name, sides, size, unit in images:
            about = {f"PhysicalSize{axis}": size for axis in "XY"} | {f"PhysicalSize{axis}Unit": unit for axis in "XY"}
            file.write(np.ones(sides, np.uint16), metadata={"axes": "YX", "Name": name, **about})
    return path
