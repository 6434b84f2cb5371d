"""MRC: written by mrcfile; RosettaSciIO reads it (rosetta.py)."""

from __future__ import annotations

from . import units
from .guards import needed
from .image import Micrograph, as_type


def write(path: str, micrograph: Micrograph) -> None:
    """An image or a stack [n, h, w], pixel size in Å, title and history as labels of 79 ASCII characters."""
    data = as_type(micrograph.data, "i1", "i2", "u2", "f4")
    with needed("mrcfile").new(path, overwrite=True) as file:
        file.set_data(data)
        if data.ndim == 3:
            file.set_image_stack()
        if micrograph.pixel_size and micrograph.units in units.METRES:
            rows, columns = (size * units.METRES[micrograph.units] * 1e10 for size in micrograph.pixel_size)
            file.voxel_size = (columns, rows, 1.0)
        for line in (micrograph.title, *micrograph.history):
            if line:
                file.add_label(line.encode("ascii", "replace").decode()[:79])
