"""How a trained generator is trained further on few images, unattended: `finetune`'s settings."""

from __future__ import annotations

from collections.abc import Sequence

import tifffile

from .. import weights
from ..config import RULES, Config
from ..errors import InputError

BATCH = 4
LEARNING_RATE = 1e-4  # small enough not to undo what the generator knows
MOST_ITERATIONS = 100_000


def finetuning(start: str, data: Sequence[str], files: Sequence[str], seed: int) -> Config:
    """The config by which the generator `start`, a run directory or a pretrained generator's name, is trained further.

    A constant rate and averaged weights, so that it may end at any time; running means as they are. Crops vary in
    magnification, contrast and dose, without which a generator learns the few images that there are by heart. They have
    the generator's own size, or what the smallest of `files` allows.

    Raises:
        InputError: a generator that is trained by more than blurred targets, or files that are too small for it.
    """
    begun, _ = weights.load(start)
    if begun.adversarial or begun.objective != "blur":
        kind = "an adversarial one" if begun.adversarial else f"one of objective {begun.objective}"
        raise InputError(
            f"weights {start}: expected a generator trained for blurred targets alone, found {kind}; "
            "`dlss-tf train --start-from` trains it further"
        )
    changes = {
        "data": tuple(data),
        "start_from": start,
        "balance_data": True,
        "augment": True,
        "size": _size(begun, files),
        "batch": BATCH,
        "freeze_at": 0.0,
        "iterations": MOST_ITERATIONS,
        "learning_rate": LEARNING_RATE,
        "schedule": "constant",
        "track_p": False,
        "average_weights": 0.999,
        "xla": False,
        "seed": seed,
        "checkpoint_minutes": 2.0,
        "rules": RULES,
    }
    return begun.replace(**changes)


def _size(begun: Config, files: Sequence[str]) -> int:
    """The generator's own, or the largest multiple of 32 px that fits into the smallest file."""
    sides = {path: side for path in files if (side := _shortest_side(path))}
    smallest = min(sides, key=lambda path: sides[path], default="")
    size = min(begun.size, sides.get(smallest, begun.size) // 32 * 32)
    least = 32 * -(-8 * max(begun.factors) // 32) if begun.network == "scan-grid" else 32
    if size < least:
        found = f"{smallest} with a side of {sides[smallest]}"
        raise InputError(f"data: expected images of at least {least} x {least} px for this generator, found {found}")
    return size


def _shortest_side(path: str) -> int:
    """Of a TIFF; 0 of a file that is none, which is told when it is read."""
    try:
        with tifffile.TiffFile(path) as file:
            return min(side for side in file.pages[0].shape if side > 1)
    except Exception:  # whatever a damaged file makes tifffile run into
        return 0
