"""Names of files where systems differ: which are one file's, and which none can have."""

from __future__ import annotations

import ntpath
import os
import unicodedata

WINDOWS = os.name == "nt"
#: Windows' devices, which a file cannot be called after, whatever its suffix.
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"}
DEVICES |= {f"{device}{number}" for device in ("com", "lpt") for number in "123456789¹²³"}
LONGEST = 259  # characters of a path, unless Windows is told to take longer ones


def place(path: str) -> str:
    """One for all ways to write a path; links in its last part stay, for they would be replaced themselves.

    Where a folder does not tell cases apart, or accents that are composed in another way, neither does this.
    """
    folder, name = os.path.split(os.path.normpath(path))
    folder = os.path.realpath(folder or ".")
    whole = os.path.join(folder, name)
    return unicodedata.normalize("NFC", whole).casefold() if folds_case(folder) else whole


def folds_case(folder: str) -> bool:
    """Whether `a` and `A` are one name in it, as on Windows, mostly on macOS, and on some drives anywhere."""
    if WINDOWS:
        return True
    folder = nearest(folder)
    try:
        with os.scandir(folder) as entries:
            known = next((entry.path for entry in entries if entry.name.swapcase() != entry.name), folder)
        parent, name = os.path.split(os.path.abspath(known))
        other = os.path.join(parent, name.swapcase())
        return other != os.path.abspath(known) and os.path.samefile(known, other)
    except OSError:  # there is no other, or nothing may be looked at
        return False


def nearest(folder: str) -> str:
    """The folder, or the nearest one above it that there is; one that is not there if a drive is missing."""
    folder = folder or "."
    while not os.path.exists(folder):
        above = os.path.dirname(folder) or "."
        if above == folder:  # a drive, or another machine
            break
        folder = above
    return folder


def refusal(path: str, windows: bool = WINDOWS) -> str:
    """In words, why no file can have that name on this system; "" if it can."""
    if not windows:
        return ""
    parts = ntpath.splitdrive(path)[1].replace("/", "\\").split("\\")
    for part in parts:
        bad = next((each for each in part if each in '<>:"|?*' or ord(each) < 32), None)
        if bad:
            return f"{bad} in a name, which Windows has no files of"
        if part.rstrip(". ") != part and part not in (".", ".."):
            return f"{part!r}, a name that ends so that Windows changes it"
        if part.split(".")[0].rstrip().lower() in DEVICES:
            return f"{part}, which is a device of Windows"
    length = len(ntpath.abspath(path))
    if length > LONGEST and not path.startswith("\\\\?\\") and not takes_long_paths():
        return f"a path of {length} characters, when Windows is set to take at most {LONGEST}"
    return ""


def takes_long_paths() -> bool:
    """Whether Windows is told to take paths beyond LONGEST; True elsewhere."""
    import ctypes

    try:
        return bool(ctypes.WinDLL("ntdll").RtlAreLongPathsEnabled())  # type: ignore[attr-defined]
    except (AttributeError, OSError):
        return True
