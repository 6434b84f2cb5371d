"""Deep learning supersampled scanning transmission electron microscopy (arXiv 1910.10467) in TensorFlow 2.

Public names are imported when first used, so that `import dlss_tf` loads no TensorFlow.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

# TensorFlow reads these once, when it is imported. On many processors its oneDNN kernels, twice as fast in training,
# are off unless asked for; its start-up messages bury ours. What the user has set stays.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_PUBLIC = {
    "Config": ".config",
    "InputError": ".errors",
    "Micrograph": ".micrograph",
    "Options": ".inference.options",
    "Supersampler": ".inference.supersampler",
    "ensemble_lazily": ".inference.lazy",
    "read": ".micrograph",
    "supersample_lazily": ".inference.lazy",
    "supersample_signal": ".interfaces.hyperspy_signal",
    "write": ".micrograph",
    "write_ome_zarr": ".formats.ngff",
}
__all__ = ["__version__", *_PUBLIC]

if TYPE_CHECKING:
    from .config import Config as Config
    from .errors import InputError as InputError
    from .formats.ngff import write_ome_zarr as write_ome_zarr
    from .inference.lazy import ensemble_lazily as ensemble_lazily
    from .inference.lazy import supersample_lazily as supersample_lazily
    from .inference.options import Options as Options
    from .inference.supersampler import Supersampler as Supersampler
    from .interfaces.hyperspy_signal import supersample_signal as supersample_signal
    from .micrograph import Micrograph as Micrograph
    from .micrograph import read as read
    from .micrograph import write as write


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
