"""From exceptions and warnings to sentences on stderr and an exit status.

0: all is done. USAGE: nothing was begun, as arguments, data or a run are not what they must be; or, of a command that
makes one thing, it could not go on. FAILED: of a command that works on files, one by one, at least one could not be
done. INTERRUPTED: by Ctrl-C.
"""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ..errors import InputError, TrainingStopped, sentence, shown

USAGE, FAILED, INTERRUPTED = 2, 3, 128 + signal.SIGINT

Source = TypeVar("Source")


def status(program: str, command: Callable[[], int | None]) -> int:
    """Run a command; its exit status, or USAGE for bad input and INTERRUPTED, with one sentence on stderr.

    Warnings are a sentence on stderr, too, and the same one is not repeated. What the encoding of stdout lacks is shown
    as escapes, as it is on stderr.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    seen = set()

    def show(message: Warning | str, *_: Any) -> None:
        if str(message) not in seen:
            print(f"{program}: warning: {shown(message)}", file=sys.stderr)
        seen.add(str(message))

    with warnings.catch_warnings():
        warnings.showwarning = show  # type: ignore[assignment]
        try:
            return command() or 0
        except (InputError, TrainingStopped) as error:
            print(f"{program}: {shown(error)}", file=sys.stderr)
            return USAGE
        except KeyboardInterrupt:
            print(f"{program}: interrupted", file=sys.stderr)
            return INTERRUPTED


def each(sources: Iterable[Source], function: Callable[[Source], int | None], file: str | None = None) -> int:
    """Call it on each source, and go on after a bad one: a sentence on stderr for that, and FAILED if any is.

    `file` is what all of them are parts of, if they are no files themselves.
    """
    worst = 0
    for source in sources:
        try:
            worst = max(worst, function(source) or 0)
        except Exception as error:  # of TensorFlow's, of a full disk: the next one may do
            print(f"dlss-tf: {sentence(file or source, error)}", file=sys.stderr)
            worst = FAILED
    return worst
