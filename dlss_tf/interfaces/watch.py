"""Live: supersample every new scan in a folder as the acquisition software finishes writing it (paper section VI)."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np

from .. import micrograph
from ..errors import InputError, sentence
from ..formats.contents import Choice
from ..formats.names import place
from ..formats.replacing import clear
from ..inference.options import Options
from ..inference.supersampler import Supersampler
from ..progress import say
from ..suggestions import did_you_mean_path
from .arrivals import arrivals
from .files import supersample_file
from .outputs import check_format, check_outputs, is_file_name, names_beside, output_path, outputs


def watch(
    supersampler: Supersampler,
    folder: str,
    out: str,
    factor: int,
    options: Options | None = None,
    *,
    suffix: str = ".tif",
    existing: bool = False,
    image: Choice = None,
    dtype: str | None = None,
    overwrite: bool = False,
    preview: bool = False,
) -> None:
    """Supersample every new scan in `folder` into `out`, until interrupted; prints a line for each, good or bad.

    `options`, `dtype` and `preview` are as `supersample_file` takes them; `image` too, or "all" of a file's images. The
    result of a scan that changes is replaced, other files only by `overwrite`; of two scans of one name but for the
    suffix the first has it. Results are never taken for scans.

    Raises:
        InputError: `folder` is not one, or is `out` as well; `out` is a file, or named like one; no such `suffix`.
    """
    _check_folders(folder, out, suffix)
    options = options or Options()
    supersampler(np.eye(64), factor)  # TensorFlow prepares itself now, not at the first scan
    clear(out)
    made: dict[str, str] = {}  # a source for each result's place
    new = (path for path in arrivals(folder, existing=existing) if place(path) not in made)
    _log(f"watching {folder}; results go to {out}; Ctrl-C ends it")
    for path, choice, part in _images(new, image):
        began = time.monotonic()
        try:
            targets = outputs(output_path(path, out, factor, suffix, part + "x"), names_beside(options, preview))
            ours = overwrite or all(place(target) in made for target in targets.values())
            check_outputs(path, targets, ours, dict(made), image=choice)
            how: dict[str, Any] = {"image": choice, "quiet": True, "dtype": dtype}
            how |= {"overwrite": ours, "preview": preview}
            result = supersample_file(supersampler, path, targets["target"], factor, options, **how)
        except Exception as error:  # whatever it is, the next scan may do
            _log(sentence(path, error).splitlines()[0])
        else:
            made.update((place(target), path) for target in targets.values())
            size, took = "x".join(map(str, result.data.shape)), time.monotonic() - began
            _log(f"{os.path.basename(path)} -> {targets['target']}, {size} px, {took:.2f} s; {result.trust()}")
        _collect_garbage()


def _collect_garbage() -> None:
    """Readers leave open files in circles of references. Ctrl-C waits for it: what a destructor raises is lost."""
    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        gc.collect()
        return
    held: list[tuple[int, FrameType | None]] = []
    handler = signal.signal(signal.SIGINT, lambda *arrived: held.append(arrived))
    try:
        gc.collect()
    finally:
        signal.signal(signal.SIGINT, handler)
    if held and callable(handler):
        handler(*held[0])


def _images(paths: Iterator[str], image: Choice) -> Iterator[tuple[str, Choice, str]]:
    """Each image that is asked for of each file, and what comes into its result's name; a line for a bad file."""
    for path in paths:
        try:
            chosen = micrograph.choices(path, image)
        except Exception as error:  # whatever it is, the next scan may do
            _log(sentence(path, error).splitlines()[0])
            continue
        yield from ((path, choice, part) for choice, part in chosen)


def _check_folders(folder: str, out: str, suffix: str) -> None:
    """InputError unless `folder` can be watched, and results of that suffix go to `out`."""
    check_format(suffix)
    if not os.path.isdir(folder):
        found = "a file, which supersample takes" if os.path.exists(folder) else f"nothing{did_you_mean_path(folder)}"
        raise InputError(f"{folder}: expected a folder to watch, found {found}")
    if is_file_name(out) or os.path.exists(out) and not os.path.isdir(out):
        raise InputError(f"--out {out}: expected a folder for results, found a file's name")
    if os.path.realpath(folder) == os.path.realpath(out) or os.path.exists(out) and os.path.samefile(folder, out):
        raise InputError(f"{out}: expected another folder for results than the one watched")


def _log(line: str) -> None:
    say(f"{time.strftime('%H:%M:%S')} {line}")
