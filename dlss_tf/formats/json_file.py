"""JSON files of ours, that may be damaged or somebody else's."""

from __future__ import annotations

import json
import os
from typing import Any

MOST_BYTES = 50_000_000


def read_json(path: str | os.PathLike[str]) -> Any:
    """What is in a JSON file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no file, not JSON in UTF-8, nested too deep, or longer than 50 MB.
    """
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe, say, which would be waited for
        raise ValueError("not a file")
    with open(path, encoding="utf-8") as file:
        text = file.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
