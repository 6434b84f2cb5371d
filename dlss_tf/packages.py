"""Packages that are not always installed, and what installs them: there is no release of ours that pip could fetch."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable

from . import shell

#: Named beside what is to be installed, so that pip keeps to what it allows: it would bring NumPy 2 to TensorFlow 2.15.
KEPT = ("tensorflow==2.15.*",) if sys.version_info < (3, 12) else ()
SERVING_API = "tensorflow-serving-api" + ("==2.15.*" if sys.version_info < (3, 12) else ">=2.18")
ONNX = "onnx>=1.16" + (",<1.19" if sys.version_info < (3, 12) else "")  # TensorFlow 2.15 needs an older ml_dtypes

#: What setup.py's extras ask for, by the name of the module that is imported.
EXTRAS: dict[str, dict[str, str]] = {
    "onnx": {"onnxruntime": "onnxruntime>=1.17", "onnx": ONNX},
    "eval": {
        "cv2": "opencv-python-headless",
        "skimage": "scikit-image",
        "scipy": "scipy",
        "pywt": "PyWavelets",
        "matplotlib": "matplotlib",
    },
    "serve": {
        "fastapi": "fastapi>=0.115",
        "uvicorn": "uvicorn>=0.30",
        "orjson": "orjson",
        "prometheus_client": "prometheus-client",
        "tensorflow_serving": SERVING_API,
    },
    "codecs": {"imagecodecs": "imagecodecs"},
    "files": {"rsciio": "rosettasciio[hdf5,zspy,eds-stream]", "mrcfile": "mrcfile", "PIL": "pillow"},
    "lazy": {"dask": "dask[array]>=2024.12", "distributed": "distributed>=2024.12", "zarr": "zarr>=2.18"},
}
#: Modules that come with packages of an extra.
WITHIN = {
    **dict.fromkeys(("h5py", "msgpack", "sparse", "numba"), "files"),
    **dict.fromkeys(("starlette", "grpc"), "serve"),
}
#: Modules that rare files need, of no extra, and their packages.
OTHERS = {"hdf5plugin": "hdf5plugin", "mrcz": "mrcz", "netCDF4": "netCDF4", "pyUSID": "pyUSID"}

_NAMES = {"cv2": "OpenCV", "rsciio": "RosettaSciIO", "PIL": "Pillow", "skimage": "scikit-image"}


def needed(module: str) -> str:
    """'Pillow; pip install ... pillow': what to do about a module that is not installed, if that is known."""
    module = module.split(".")[0]
    name = _NAMES.get(module, module)
    extra = next((extra for extra, packages in EXTRAS.items() if module in packages), WITHIN.get(module))
    if extra:
        return f"{name}; {install(extra)}"
    return f"{name}; {_command([OTHERS[module]])}" if module in OTHERS else f"{name}, which is not installed"


def install(extra: str) -> str:
    """The command that brings what an extra asks for, in a shell's words."""
    return _command(EXTRAS[extra].values())


def _command(packages: Iterable[str]) -> str:
    """Where there is no TensorFlow none is to come with it."""
    light = importlib.util.find_spec("tensorflow") is None
    words = [each for each in packages if each != SERVING_API] if light else [*KEPT, *packages]
    return f"pip install {shell.join(words)}"


def lacking(extra: str) -> list[str]:
    """Modules of it that are not installed."""
    return [module for module in EXTRAS[extra] if importlib.util.find_spec(module) is None]
