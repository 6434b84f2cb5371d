"""Commands as one types them: for a POSIX shell, or for Windows' cmd and PowerShell, which know no single quotes."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable

WINDOWS = os.name == "nt"


def join(words: Iterable[str], windows: bool = WINDOWS) -> str:
    """A command's words in one line, quoted where that is needed."""
    return " ".join(quote(word, windows) for word in words)


def quote(word: str, windows: bool = WINDOWS) -> str:
    """One word of it."""
    if not windows:
        return shlex.quote(word)
    if re.fullmatch(r"[\w./\\:+=-]+", word):
        return word
    escaped = re.sub(r'(\\*)"', r"\1\1\\" + '"', word)  # as C's and Python's programs take their command line apart
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'
