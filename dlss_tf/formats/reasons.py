"""Why a file cannot be read: a package that is missing, a kind that no reader knows, or damage."""

from __future__ import annotations

import errno
import re
import textwrap

from ..errors import InputError
from ..packages import needed

MOST_REASON = 200  # characters of what a reader says

_NEEDED = re.compile(r"requires the '(\w+)' package|[Tt]he '(\w+)' library|No module named '([\w.]+)'")
_NO_FILTER = re.compile(r"can't open directory|required filter|filter .*(not available|not registered)", re.IGNORECASE)
_NO_MEMORY = re.compile(r"memory allocation failed|(unable to|can(no|'|)t) allocate|out of memory", re.IGNORECASE)
_UNSUPPORTED = re.compile(
    r"not (yet |currently |been )?(a )?(supported|implemented|recogni[sz]ed|valid \w+ (hdf5|format))|unsupported"
    r"|only support|cannot currently|could not recogni[sz]e|pickled|not an? (tofwerk|elid|tiff)\b|COMPRESSION\.",
    re.IGNORECASE,
)


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
    reason = textwrap.shorten((str(error).strip() or type(error).__name__).splitlines()[0], MOST_REASON)
    if (
        isinstance(error, (NotImplementedError, ImportError))
        or _UNSUPPORTED.search(reason)
        or _is_sound(path, suffix, error)
    ):
        return InputError(f"{path}: expected a {suffix} image, found a kind of file that is not supported ({reason})")
    return InputError(f"{path}: expected a {suffix} image, found a damaged file ({reason})")


def _is_sound(path: str, suffix: str, error: BaseException) -> bool:
    """Whether HDF5 or XML opens, so that only what is in it is not understood."""
    if isinstance(error, (OSError, MemoryError)):
        return False
    try:
        if suffix == ".xml":
            import xml.etree.ElementTree

            xml.etree.ElementTree.parse(path)
            return True
        import h5py

        if not h5py.is_hdf5(path):
            return False
        with h5py.File(path) as file:
            file.visit(lambda _: None)
        return True
    except Exception:  # whatever these raise
        return False
