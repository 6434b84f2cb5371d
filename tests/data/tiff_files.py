"""TIFF files of images to test with, good ones and bad ones of each sort."""

from pathlib import Path

import numpy as np
import tifffile


def picture(shape=(32, 32), dtype="float32", seed=0) -> np.ndarray:
    return (np.random.default_rng(seed).random(shape) * 250).astype(dtype)


def write(path, image, **options) -> str:
    tifffile.imwrite(path, image, **options)
    return str(path)


def make_bad_files(folder) -> dict[str, str]:
    """Path of a bad file of each sort: words that its warning must hold."""
    folder.mkdir(exist_ok=True)
    whole = Path(write(folder / "whole", picture())).read_bytes()
    packed = Path(write(folder / "packed", picture(), compression="zlib")).read_bytes()
    damaged = packed[:-2000] + bytes(2000)
    contents = {
        "empty": (b"", "is empty"),
        "text": (b"not a TIFF at all", "cannot be read as a TIFF"),
        "header": (whole[:6], "cannot be read as a TIFF"),
        "truncated": (whole[:-9], "is truncated"),
        "packed_truncated": (packed[:-9], "is truncated"),
        "damaged": (damaged, "cannot be read as a TIFF"),
        "nan": (np.full([32, 32], np.nan), "holds no finite value"),
        "stack": (picture((3, 32, 32)), "shape (3, 32, 32)"),
        "colour": (picture((32, 32, 3), "uint8"), "shape (32, 32, 3)"),
        "complex": (picture().astype("complex64"), "holds complex64"),
        "small": (picture((31, 40)), "has 31 x 40 pixels"),
        "missing": (None, "cannot be read: No such file"),
    }
    words = {}
    for name, (data, message) in contents.items():
        path = folder / f"{name}.tif"
        if isinstance(data, bytes):
            path.write_bytes(data)
        elif data is None:
            path.symlink_to(folder / "nothing")
        else:
            write(path, data, **({"photometric": "rgb"} if name == "colour" else {}))
        words[str(path)] = message
    return words
