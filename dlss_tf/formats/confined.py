"""Only the file that was asked for is read, whatever names of other files, or links to them, are in it.

What is part of a file by its name may be read, too: notes beside it that are called after it, and of formats that are
several files those in its folder.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from ..errors import InputError

#: Suffixes of what is several files: a list of images, or settings, beside which the images are; parts of a movie.
OF_SEVERAL = (".emi", ".rpl", ".mib", ".tvips", ".asw", ".xml", ".mrc")
NOTES = (".txt", ".hdr")  # of any image, beside it, if they are called after it
#: Packages whose opening of a file is the reading of data; others read what is their own, such as settings.
READERS = ("dlss_tf", "rsciio", "tifffile", "PIL", "zarr", "fsspec", "mrcz", "numcodecs")

_inside: _File | None = None  # of this process: the file that is read now, if one is


class _File:
    """A file that is read, and what else may be, by their real paths."""

    def __init__(self, path: str, suffix: str):
        self._real, given = os.path.realpath(path), os.path.abspath(path)
        self._folder = os.path.isdir(path)
        self._several = suffix in OF_SEVERAL
        self._places = {os.path.dirname(self._real), os.path.realpath(os.path.dirname(given))}
        self._stems = tuple(os.path.basename(each)[: -len(suffix)] for each in (self._real, given))
        self.others: list[str] = []  # that were not read, as they were named

    def holds(self, path: str) -> bool:
        """Whether it is part of the file."""
        real = os.path.realpath(path)
        if real == self._real or self._folder and real.startswith(os.path.join(self._real, "")):
            return True
        if self._several:
            return any(real.startswith(os.path.join(place, "")) for place in self._places)
        folder, name = os.path.split(real)
        return folder in self._places and name.startswith(self._stems) and name.lower().endswith(NOTES)


def begin() -> None:
    """Have this process watch over what is opened, for the rest of its life: it is to do nothing but read."""
    sys.addaudithook(_watch)


@contextlib.contextmanager
def to(path: str, suffix: str) -> Iterator[None]:
    """Nothing but that file is read.

    Raises:
        InputError: another one was to be, or would be.
    """
    global _inside
    _inside = file = _File(path, suffix)
    try:
        yield
    finally:
        _inside = None
        if file.others:  # whatever the reader made of that
            raise refusal(path, file.others[0])


def refusal(path: str, other: str) -> InputError:
    """The sentence for a file that takes data from another one."""
    return InputError(f"{path}: expected a file that holds its own data, found a reference to another one, {other}")


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Keep a reader from opening another file than the one that it is to read, and from making objects of pickles."""
    file = _inside
    if file is None or event not in ("open", "pickle.find_class") or not _is_reader(sys._getframe(1)):
        return
    if event == "pickle.find_class":
        raise PermissionError("pickled objects")
    path = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else None
    if path is not None and not file.holds(path):
        file.others.append(path)
        raise PermissionError(f"{path} is another file")


def _is_reader(frame: FrameType | None) -> bool:
    """Whether it is a reader that opens a file, by itself or through Python's and NumPy's modules, and no import."""
    while frame is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package == "importlib":
            return False
        if package not in sys.stdlib_module_names and package != "numpy":
            return package in READERS
        frame = frame.f_back
    return False


def check_hdf5(path: str) -> None:
    """InputError if HDF5, which opens files by itself, would take data of that file from another one."""
    try:
        import h5py
    except ImportError:
        return
    if not h5py.is_hdf5(path):
        return

    def by_link(name: bytes, link: Any) -> str | None:
        if link.type in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT):
            return None
        external = link.type == h5py.h5l.TYPE_EXTERNAL
        return os.fsdecode(file.id.links.get_val(name)[0]) if external else "by a link of its own kind"

    def by_data(_: str, item: Any) -> str | None:
        if not isinstance(item, h5py.Dataset):
            return None
        made = item.id.get_create_plist()
        names = [os.fsdecode(made.get_external(i)[0]) for i in range(made.get_external_count())]
        if made.get_layout() == h5py.h5d.VIRTUAL:
            names += [made.get_virtual_filename(i) for i in range(made.get_virtual_count())]
        return next((name for name in names if name != "."), None)

    with h5py.File(path) as file:
        other = file.id.links.visit(by_link, info=True) or file.visititems(by_data)
    if other:
        raise refusal(path, other)
