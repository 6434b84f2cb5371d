"""What runs a generator: ONNX Runtime, which starts at once, or TensorFlow. Both give the same within rounding."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np

from ..config import Config
from ..errors import InputError
from ..packages import install, needed

#: What each needs, those first that are taken first (docs/performance.md).
NEEDED = {"onnx": ("onnxruntime", "onnx"), "tensorflow": ("tensorflow",)}
GPU = "/dev/nvidiactl"  # where NVIDIA's driver is, which TensorFlow uses; ONNX Runtime's plain package does not

Arrays = dict[str, np.ndarray]  # weights by name
#: A generator: nearest-infilled images float32 [b, H, W, 1] of one factor, of sides that it takes -> [b, H, W, k].
Run = Callable[[np.ndarray, int], np.ndarray]


def chosen(name: str | None = None) -> str:
    """The runtime of that name, or the first that is installed; TensorFlow where it is and there is a GPU for it.

    Raises:
        InputError: there is none of that name, or it is not installed.
    """
    if name is None:
        order = reversed(NEEDED) if os.path.exists(GPU) else NEEDED
        name = next((each for each in order if not _missing(each)), None)
        if name is None:
            found = f"expected {' or '.join(NEEDED)} in {sys.prefix}, found none"
            raise InputError(f"runtime: {found}; {install('onnx')}")
    if name not in NEEDED:
        raise InputError(f"runtime: expected {' or '.join(NEEDED)}, found {name}")
    missing = _missing(name)
    if missing:
        raise InputError(f"runtime {name}: expected its packages, found no {needed(missing[0])}")
    return name


def generator(runtime: str, config: Config, arrays: Arrays, head: Arrays | None = None) -> Run:
    """The generator of these weights by name in a runtime that is installed.

    It gives one image, or with a `head`, the weights of a scan-grid generator's that tells its errors, that image and
    their standard deviation before calibration.

    Raises:
        InputError: weights that do not fit, or a runtime that does not start.
    """
    return _module(runtime).generator(config, arrays, head)


def started(name: str | None = None) -> str:
    """As `chosen`, and imported: InputError if that fails."""
    name = chosen(name)
    _module(name)
    return name


def _missing(name: str) -> list[str]:
    return [package for package in NEEDED[name] if importlib.util.find_spec(package) is None]


def _module(runtime: str) -> ModuleType:
    try:
        return importlib.import_module(f".{runtime}_runtime", __package__)
    except Exception as error:  # a broken installation raises anything
        said = next(iter(str(error).splitlines()), "")
        raise InputError(f"runtime {runtime}: expected that it starts, found {type(error).__name__}: {said}") from error
