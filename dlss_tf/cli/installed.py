"""What is installed: what `dlss-tf info` says unasked, and who asks for help is asked for."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from .. import weights
from ..config import CONFIG_FILE, Config
from ..packages import install, lacking
from ..software import version_of
from .parsing import version

PACKAGES = {"ONNX Runtime": "onnxruntime", "TensorFlow": "tensorflow", "NumPy": "numpy"}
#: What an extra is for; `lazy` is for Python alone.
FOR = {
    "files": "microscopes' files and PNG",
    "codecs": "compressed TIFF",
    "eval": "check, evaluate and figures",
    "serve": "serve and export",
}


def describe() -> list[str]:
    """Lines: versions, pretrained generators, packages that are not there with what installs them."""
    found = {name: version_of(package) or "missing" for name, package in PACKAGES.items()}
    stack = ", ".join([f"Python {platform.python_version()}", *(f"{name} {each}" for name, each in found.items())])
    lines = [f"{version()}; {stack}", f"{platform.platform()}, {os.cpu_count()} processors", ""]
    for name in weights.pretrained_names():
        config = Config.load(os.path.join(weights.pretrained(name), CONFIG_FILE))
        unasked = ", taken without --weights" if name == weights.PRETRAINED else ""
        lines.append(f"--weights {name:26} trained for factors {ranged(config.factors)}{unasked}")
    missing = {extra: lacking(extra) for extra in FOR}
    words = [f"{FOR[extra]}: found no {', '.join(each)}; {install(extra)}" for extra, each in missing.items() if each]
    return [*lines, "", *(words or ["all packages that the commands need are installed"])]


def ranged(numbers: Sequence[int]) -> str:
    """'4 to 10' for whole numbers without a gap, else '4, 6'."""
    first, last = min(numbers), max(numbers)
    if len(numbers) > 2 and sorted(numbers) == list(range(first, last + 1)):
        return f"{first} to {last}"
    return ", ".join(map(str, sorted(numbers)))
