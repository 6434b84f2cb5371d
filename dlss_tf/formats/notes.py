"""What was done to an image, as text: its history, then where it came from, a line a value.

Where it came from is plain data: a mapping of words, numbers, and mappings of these. In text each value has a line such
as `dlss_tf.source.file: "scan.dm4"`, the value in JSON, for people to read and for `split`. Every format that holds
text has these lines; what a file says comes from anyone.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

MOST_VALUES, LONGEST, DEEPEST = 400, 5000, 16  # values, characters of one, mappings in one another
TITLE, HISTORY = "Title: ", "History: "  # as lines of ImageJ's Info begin
_NAME = re.compile(r"[A-Za-z0-9_]{1,40}")
_LINE = re.compile(r"dlss_tf\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*): (.*)")


def lines(history: Iterable[str], provenance: Mapping[str, Any]) -> list[str]:
    """Of the history, and of every value of where it came from."""
    return [*history, *_lines(provenance, "dlss_tf")]


def _lines(values: Mapping[str, Any], place: str) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{place}.{name}")
        else:
            yield f"{place}.{name}: {_json(value)}"


def _json(value: Any) -> str:
    """In characters that every format can hold."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def split(found: Iterable[str]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """History and where it came from, of what `lines` gave; of other lines, all of them and nothing."""
    history, values = [], {}
    for line in found:
        match = _LINE.fullmatch(line)
        if match is None:
            history.append(line)
        else:
            values[match[1]] = match[2]
    return tuple(history), _nested(values)


def _nested(values: Mapping[str, str]) -> dict[str, Any]:
    """By names with points between; {} unless all of it is plain data."""
    found: dict[str, Any] = {}
    try:
        for place, text in values.items():
            if len(text) > 7 * LONGEST:  # with escapes
                return {}
            *groups, name = place.split(".")
            inside = found
            for group in groups:
                inside = inside.setdefault(group, {})
            inside[name] = json.loads(text)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return checked(found)


def checked(found: object) -> dict[str, Any]:
    """Where an image came from, if that is plain data of a few pages; else {}. What lies too deep is left out."""
    left = [MOST_VALUES]
    try:
        return _checked(found, DEEPEST, left) if isinstance(found, Mapping) else {}
    except ValueError:
        return {}


def _checked(found: Mapping[Any, Any], deep: int, left: list[int]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in found.items():
        left[0] -= 1
        if not isinstance(name, str) or not _NAME.fullmatch(name) or left[0] < 0:
            raise ValueError
        if isinstance(value, Mapping):
            if deep:
                values[name] = _checked(value, deep - 1, left)
        else:
            values[name] = _plain(value)
    return values


def _plain(value: Any) -> str | bool | int | float:
    if isinstance(value, np.generic):  # as HDF5 gives them
        value = value.item()
    if isinstance(value, str) and len(value) <= LONGEST:
        return value
    if isinstance(value, (bool, int)) and abs(value) < 2**53 or isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError


def info(title: str, history: Iterable[str], provenance: Mapping[str, Any]) -> str:
    """Title, history and where it came from in one text, such as ImageJ shows by Image > Show Info."""
    return "\n".join([TITLE + title, *lines((HISTORY + line for line in history), provenance)])


def of_info(text: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Title, history and where it came from, of what `info` gave; nothing of another text."""
    first, *others = text.splitlines() or [""]
    history, provenance = split(others)
    if not first.startswith(TITLE) or not all(line.startswith(HISTORY) for line in history):
        return "", (), {}
    return first.removeprefix(TITLE), tuple(line.removeprefix(HISTORY) for line in history), provenance
