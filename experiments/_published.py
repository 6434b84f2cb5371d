"""What the paper prints, from published.json, which has it once and where it stands."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).with_name("published.json")


@functools.cache
def published() -> dict[str, Any]:
    """Everything, by the name of the table's or figure's files; what has no numbers has `where` alone."""
    return json.loads(PUBLISHED.read_text(encoding="utf-8"))


def printed(item: str) -> dict[str, Any]:
    """What the paper prints for a table, figure or section, and where."""
    return published()[item]


def where(item: str) -> str:
    """What the paper prints or shows for it, in words; or that it has none."""
    return published().get(item, {"where": "not in the paper"})["where"]
