"""What came of preparing a data set, in lines for people."""

from __future__ import annotations

from typing import Any

from ...simulation.dataset import SPLITS
from .cutting import DUPLICATE

WORDS = {DUPLICATE: "there already"}  # for reasons, where they read better


def lines(root: str, summary: dict[str, Any], failed: int = 0) -> list[str]:
    """Of what `prepare_dataset` returns, and of so many files that could not be read."""
    size, crops = summary["size"], summary["crops"]
    parts = [f"{split} {crops[split]} of {_plural(summary['specimens'][split], 'specimen')}" for split in SPLITS]
    found = [f"{root}: {_plural(sum(crops.values()), 'crop')} of {size}x{size} px; {', '.join(parts)}"]
    left_out = [
        f"{_plural(count, 'crop')} {WORDS.get(reason, reason)}" for reason, count in summary["left_out"].items()
    ]
    if summary["small"]:
        left_out.append(f"{_plural(summary['small'], 'file')} smaller than {size}x{size} px (--size takes less)")
    if summary["copies"]:
        left_out.append(f"{_plural(summary['copies'], 'file')} the same as {_others(summary['copies'])}")
    if left_out:
        found.append(f"left out: {', '.join(left_out)}")
    if failed:
        found.append(f"{_plural(failed, 'file')} could not be read, for the reason{'' if failed == 1 else 's'} given")
    if not crops["test"]:
        found.append("nothing is left for test: evaluate with --split val")
    return found


def _plural(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _others(count: int) -> str:
    return "another" if count == 1 else "others"
