"""Why a file cannot be read: a package that is missing, a kind that no reader knows, or damage."""

from __future__ import annotations

import errno
import re
import struct
import textwrap
from typing import Any

from ..errors import InputError
from ..packages import needed

MOST_REASON = 200  # characters of what a reader says

_NEEDED = re.compile(r"requires the '(\w+)' package|[Tt]he '(\w+)' library|No module named '([\w.]+)'")
_NO_FILTER = re.compile(r"can't open directory|required filter|filter .*(not available|not registered)", re.IGNORECASE)
_NO_MEMORY = re.compile(r"memory allocation failed|(unable to|can(no|'|)t) allocate|out of memory", re.IGNORECASE)
_UNSUPPORTED = re.compile(
    r"not (yet |currently |been )?(a )?(supported|implemented|recogni[sz]ed|valid \w+ (hdf5|format))|unsupported"
    r"|only support|cannot currently|not an? tofwerk\b|COMPRESSION\.",
    re.IGNORECASE,
)
UNSUPPORTED = "a kind of file that is not supported"

# What readers say, in words of their own, of a file that ends early, that is none of theirs, or of an unknown layout.
_SIZES = re.compile(r"truncated file: eof = (\d+),.* stored_eof = (\d+)")
_ENDS = re.compile(
    r"unpack requires a buffer|image file is truncated|buffer is smaller|failed to read \d+ bytes|became shorter"
    r"|setting an array element with a sequence|unexpected end|end of file|^EOFError$",
    re.IGNORECASE,
)
_BEGINNING = re.compile(
    r"file signature not found|not a TIFF file|cannot identify image|magic string is not correct|not SFS container"
    r"|not a valid JEOL asw|file seems to be version|not an ELID file|valid tvips file|pickled data|is not a directory",
    re.IGNORECASE,
)
_LAYOUT = re.compile(r"not a Tofwerk|valid HyperSpy|supported EMD", re.IGNORECASE)
#: What readers run into where nobody has thought of it.
_INTERNAL = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError, struct.error)


def missing(error: BaseException) -> str | None:
    """The module for want of which it was raised, if that is why."""
    found = _NEEDED.search(str(error)) if isinstance(error, (ImportError, ValueError, RuntimeError)) else None
    if isinstance(error, ImportError):
        return error.name or (next(filter(None, found.groups())) if found else None)
    if isinstance(error, OSError) and _NO_FILTER.search(str(error)):  # h5py's, of a compression it does not have
        return "hdf5plugin"
    return next(filter(None, found.groups())) if found else None


def lacks_memory(error: BaseException) -> bool:
    """Whether it was raised for want of memory, which HDF5 says in words of its own."""
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, MemoryError) or bool(_NO_MEMORY.search(str(error)))


def too_large(path: str, most: int | None = None) -> InputError:
    """The sentence for a file whose reading takes more than `most` bytes of memory, or than there are."""
    limit = "there is" if most is None else f"the {most // 10**6} MB that a file of its size may take"
    return InputError(f"{path}: expected an image that fits, found one that needs more memory than {limit}")


def refusal(path: str, suffix: str, error: BaseException) -> InputError:
    """The sentence for what a reader raised on a file."""
    if isinstance(error, InputError):
        return error
    if lacks_memory(error):
        return too_large(path)
    module = missing(error)
    if module:
        return InputError(f"{path}: reading this {suffix} needs {needed(module)}")
    if isinstance(error, PermissionError):
        return InputError(f"{path}: expected a file that can be read, found one that may not be")
    return InputError(f"{path}: expected a {suffix} image, found {_found(path, suffix, error)}")


def _found(path: str, suffix: str, error: BaseException) -> str:
    """A truncated or damaged file, one of another kind, or of one that is not supported; and why."""
    reason = textwrap.shorten((str(error).strip() or type(error).__name__).splitlines()[0], MOST_REASON)
    if sizes := _SIZES.search(reason):
        return f"a truncated file: {sizes[1]} of its {sizes[2]} bytes are there; copy it again"
    if _ENDS.search(reason):
        return "a damaged or truncated file, which ends before all is read; copy it again"
    if _BEGINNING.search(reason):
        return "a file that is damaged, or of another kind"
    unsupported = isinstance(error, (NotImplementedError, ImportError)) or _UNSUPPORTED.search(reason)
    layout = None if isinstance(error, (OSError, MemoryError)) and not _LAYOUT.search(reason) else _layout(path, suffix)
    if layout and (_LAYOUT.search(reason) or not unsupported):
        reason = layout
    elif isinstance(error, _INTERNAL) and not unsupported:
        reason = f"its parts do not fit together, {type(error).__name__}: {reason}"
    return f"{UNSUPPORTED if unsupported or layout else 'a damaged file'} ({reason})"


def _layout(path: str, suffix: str) -> str | None:
    """What HDF5 or XML has, if it opens, so that only what is in it is not understood."""
    try:
        if suffix == ".xml":
            import xml.etree.ElementTree

            return f"no reader knows its element {xml.etree.ElementTree.parse(path).getroot().tag}"
        import h5py

        if not h5py.is_hdf5(path):
            return None
        found: list[str] = []
        with h5py.File(path) as file:
            file.visititems(lambda name, item: found.append(_dataset(name, item)) if hasattr(item, "shape") else None)
    except Exception:  # whatever these raise
        return None
    datasets = textwrap.shorten(", ".join(found), MOST_REASON) or "none"
    return f"no reader knows where its image is; datasets: {datasets}"


def _dataset(name: str, item: Any) -> str:
    return f"{name} {'x'.join(map(str, item.shape or ())) or 'of one value'}"
