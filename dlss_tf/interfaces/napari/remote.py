"""`python -m dlss_tf.interfaces.napari.remote`: what `process.supersample` starts, in a folder that it filled.

Says lines of JSON on stdout: {"progress": [done, of]} and {"warning": SENTENCE} while it works, then {"images": NAMES,
"provenance": BY WHAT} for the files it wrote, or {"error": SENTENCE}. Ends when its stdin does, for then nobody waits
for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import warnings
from collections.abc import Callable

import numpy as np

from ...errors import InputError
from ...inference.options import IMAGES
from .compute import Request, supersample
from .process import LOG, REQUEST, SCAN


def main() -> int:
    """Answer the request of the current folder; the exit status."""
    with open(REQUEST, encoding="utf-8") as file:
        request = Request.from_json(file.read())
    scan = np.load(SCAN)  # before anything may take it away: who fails to read it ends before all is taken away
    say = _speaker()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    warnings.showwarning = lambda message, *_: say(warning=str(message))
    try:
        done = supersample(scan, request, lambda done, of: say(progress=[done, of]))
    except InputError as error:
        say(error=str(error))
        return 2
    for name, image in done.images.items():
        np.save(f"{name}.npy", image)
    say(images=list(done.images), provenance=done.provenance)
    return 0


def _speaker() -> Callable[..., None]:
    """Says a message on what is stdout now; what libraries print goes to stderr from here on."""
    out = os.dup(1)  # As a number it stays open until this process has its exit status, which its reader then asks for.
    os.dup2(2, 1)

    def say(**message: object) -> None:
        os.write(out, json.dumps(message).encode() + b"\n")

    return say


def _end_with_stdin() -> None:
    """Take this process and its files away when the one that would have done it is gone."""
    while os.read(0, 1024):
        pass
    for name in (SCAN, REQUEST, LOG, *(f"{image}.npy" for image in IMAGES)):
        with contextlib.suppress(OSError):
            os.remove(name)
    with contextlib.suppress(OSError):
        folder = os.getcwd()
        os.chdir(os.path.dirname(folder))  # Windows removes no folder that somebody is in
        os.rmdir(folder)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
