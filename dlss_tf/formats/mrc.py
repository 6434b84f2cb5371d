"""MRC: written by mrcfile; RosettaSciIO reads it (rosetta.py)."""

from __future__ import annotations

import textwrap

import numpy as np

from . import units
from .guards import needed
from .image import Micrograph, as_type, lost

LABELS, LONGEST_LABEL = 9, 79  # beside the one of mrcfile's own


def write(path: str, micrograph: Micrograph) -> list[str]:
    """An image or a stack [n, h, w], pixel size in Å, title and history as labels of 79 ASCII characters.

    Returns a sentence for what it cannot take.
    """
    data = as_type(micrograph.data, "i1", "i2", "u2", "f4")
    remarks = lost(micrograph.data, data)
    labels, whole = _labels(micrograph)
    if not whole:
        remarks.append(f"title and notes were shortened to {LABELS} lines of {LONGEST_LABEL} ASCII characters")
    size = _angstrom(micrograph)
    if micrograph.pixel_size and size is None:
        height, width = micrograph.pixel_size
        remarks.append(
            f"the pixel size {height:g} x {width:g} {micrograph.units} cannot be given in Å; it was left out"
        )
    with needed("mrcfile").new(path, overwrite=True) as file:
        file.set_data(data)
        if data.ndim == 3:
            file.set_image_stack()
        if size:
            file.voxel_size = (size[1], size[0], 1.0)
        for label in labels:
            file.add_label(label)
    return remarks


def _labels(micrograph: Micrograph) -> tuple[list[str], bool]:
    """The title and the latest of the notes; and whether that is all, as it was."""
    texts = [text for text in (micrograph.title, *micrograph.history) if text]
    plain = [text.encode("ascii", "replace").decode() for text in texts]
    lines = [line for text in plain for line in textwrap.wrap(text, LONGEST_LABEL, break_long_words=False)]
    labels = [line[:LONGEST_LABEL] for line in lines]
    return [*labels[:1], *labels[1:][-(LABELS - 1) :]], plain == texts and labels == lines and len(lines) <= LABELS


def _angstrom(micrograph: Micrograph) -> tuple[float, float] | None:
    """Height and width of a pixel, if they are known and single precision holds the whole image's."""
    if micrograph.pixel_size is None or micrograph.units not in units.METRES:
        return None
    height, width = (side * units.METRES[micrograph.units] * 1e10 for side in micrograph.pixel_size)
    smallest, largest = np.finfo(np.float32).tiny, np.finfo(np.float32).max / max(micrograph.data.shape)
    return (height, width) if all(smallest <= side <= largest for side in (height, width)) else None
