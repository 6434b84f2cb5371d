"""What keeps a damaged or malicious file from promising too much, a disk from running full, libraries from talking."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType

import numpy as np

from .. import packages
from ..errors import InputError

MOST_EXPANSION = 1000  # an image that claims more bytes than so many times its file's is not believed


def bytes_on_disk(path: str) -> int:
    """Of a file, or of all files in a folder."""
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(path) for name in names)


def check_bytes(path: str, shape: Sequence[int], dtype: np.dtype) -> None:
    """InputError if a header promises what its file cannot hold."""
    announced, there = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize, bytes_on_disk(path)
    if announced > MOST_EXPANSION * max(there, 1000):
        raise InputError(f"{path}: expected {announced} bytes of image as it says, found a file of {there} bytes")


def reserve(path: str, size: int) -> None:
    """Be sure that the disk has room for a file of so many bytes: HDF5 may crash the process once it runs out.

    Raises:
        OSError: there is no room.
    """
    with open(path, "wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size + 2**20)
    os.remove(path)


def needed(module: str) -> ModuleType:
    """An optional module that writing takes; InputError if it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(f"writing needs {packages.needed(error.name or module)}") from None


class _Messages(logging.Handler):
    """Keeps what is logged as text."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextlib.contextmanager
def quiet() -> Iterator[list[str]]:
    """Without the warnings and messages of readers and writers; gives the error messages."""
    handler, loggers = _Messages(), [logging.getLogger(name) for name in ("rsciio", "tifffile")]
    before = [(logger.propagate, logger.level, logger.handlers) for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.handlers = [handler]  # RosettaSciIO's own writes to the terminal
            logger.propagate = False
            logger.setLevel(logging.ERROR)  # whatever another library has set
        try:
            yield handler.texts
        finally:
            for logger, (propagate, level, handlers) in zip(loggers, before):
                logger.handlers = handlers
                logger.propagate = propagate
                logger.setLevel(level)
