"""`--factor`, a step of the sampling lattice: what it means, and which steps are taken, in words."""

from __future__ import annotations

import argparse

from .. import coverages, weights
from .parsing import whole

#: Of the generators that come with this package; a test holds it true.
GENERATORS = f"2 to 12 for {weights.PRETRAINED}; 2 to 16 for {weights.PAPERS}, which was trained for 4 to 10"
#: Of a scan that is supersampled.
OF_SCAN = (
    "how many times as many px a side the image gets as the scan has, which is then every S-th point of a row and of a "
    f"column (coverage 1/S^2): {GENERATORS}"
)
ANY = f"{coverages.MIN_FACTOR} to {coverages.MAX_FACTOR}"


def one(text: str) -> int:
    """A whole number that a lattice's step can be."""
    return whole(coverages.MIN_FACTOR, coverages.MAX_FACTOR)(text)


def several(text: str) -> list[int]:
    """'4,5,6' as such numbers."""
    return [one(each) for each in text.split(",")]


def add(parser: argparse._ActionsContainer, what: str, required: bool = True) -> None:
    """`--factor`, a whole number; `what` it means, and which are taken."""
    parser.add_argument("--factor", type=one, required=required, metavar="S", help=what)
