"""What may have been meant by a word that is not known, or by the name of a file that is not there."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable

MOST_NAMES = 10_000  # of a folder that are looked at
NEAR = 0.65  # what difflib calls the ratio of two words, 1 for the same


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'; did you mean NAME?' of the nearest of the known, whatever letters they are in; "" if none is near."""
    return _asked(_nearest(word, known))


def did_you_mean_path(path: str, others: Iterable[str] = ()) -> str:
    """The same of what is in the folder that a path names, or of `others`; "" if the path is there."""
    if os.path.lexists(path):
        return ""
    folder, name = os.path.split(os.path.normpath(path))
    near = _nearest(name, names(folder))
    return _asked(_nearest(path, others) or (near and os.path.join(folder, near)))


def names(folder: str) -> list[str]:
    """Names in a folder, but hidden ones, in alphabetical order; none if it cannot be read."""
    try:
        with os.scandir(folder or ".") as entries:
            return sorted(e.name for e in itertools.islice(entries, MOST_NAMES) if not e.name.startswith("."))
    except (OSError, ValueError):
        return []


def _nearest(word: str, known: Iterable[str]) -> str | None:
    import difflib  # not on the way of what is right

    spelt = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(word.casefold(), spelt, 1, NEAR)
    return spelt[near[0]] if near else None


def _asked(near: str | None) -> str:
    return f"; did you mean {near}?" if near else ""
