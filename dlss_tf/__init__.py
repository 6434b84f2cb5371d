"""Deep learning supersampled scanning transmission electron microscopy (arXiv 1910.10467) in TensorFlow 2.

Public names are imported when first used, so that ``import dlss_tf`` loads no TensorFlow.
"""

import importlib
import os

__version__ = "0.1.0"

# TensorFlow reads these once, when it is imported. On many processors its oneDNN kernels, twice as fast in training,
# are off unless asked for; its start-up messages bury ours. What the user has set stays.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_PUBLIC = {
    "Config": ".config",
    "InputError": ".errors",
    "Supersampler": ".inference.supersampler",
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name], __name__), name)


def __dir__():
    return sorted(__all__)
