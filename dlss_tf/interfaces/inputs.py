"""Which files a command means: those that are named, those in a folder, those that a pattern fits."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Sequence

from .. import micrograph
from ..formats.names import place
from ..inference.options import BESIDE
from .outputs import PREVIEW

#: What is never an image, among the files that are read: settings beside it.
BESIDE_IMAGES = (".xml",)


def sources(named: Sequence[str], name: str | None = "x") -> list[str]:
    """The files that are named; of a folder, or a pattern such as `scans/*.dm4`, all that can be read, by name.

    What is not named itself does not count if it is hidden, a result, as `name` ("x", "every") marks them, of another
    file beside it, or a preview of one; without a `name` only previews are left out. No file counts twice. A folder or
    pattern without any stays as it is.
    """
    found: dict[str, str] = {}
    for each in named:
        paths = [each]
        if os.path.isdir(each) and not _is_store(each):
            paths = _images([os.path.join(each, file) for file in os.listdir(each)], name)
        elif glob.has_magic(each) and not os.path.lexists(each):
            paths = _images(glob.glob(each, recursive=True), name)
        for path in paths or [each]:
            found.setdefault(place(path), path)
    return list(found.values())


def below(named: Sequence[str], without: str | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """As `sources`, but of a folder that is named also what lies in folders within it, at any depth; by name.

    With each file names of folders: of the one that is named, and of those within it that lead to the file; of a file
    that is named, or that a pattern fits, that of its folder alone. What lies in the folder `without` is left out.
    """
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for each in named:
        folders = _folders(each, without) if os.path.isdir(each) and not _is_store(each) else []
        paths = [path for folder in folders for path in sources([folder]) if path not in folders]
        for path in paths or sources([each]):
            inside = os.path.relpath(os.path.dirname(path), each).split(os.sep) if paths else []
            outer = each if paths else os.path.dirname(path)
            names = (os.path.basename(os.path.abspath(outer)), *(name for name in inside if name != "."))
            found.setdefault(place(path), (path, names))
    return list(found.values())


def _folders(folder: str, without: str | None) -> list[str]:
    """It and all folders within it by name, but hidden ones, files that are folders, and `without`."""
    left_out = os.path.realpath(without) if without else None
    found = []
    for inside, names, _ in os.walk(folder):
        if os.path.realpath(inside) == left_out:
            names.clear()
            continue
        names[:] = sorted(name for name in names if not name.startswith(".") and not _is_store(name))
        found.append(inside)
    return found


def _is_store(path: str) -> bool:
    return micrograph.suffix_of(path) in micrograph.FOLDERS


def _images(paths: Iterable[str], name: str | None) -> list[str]:
    """Those that may be read as images, without results of others among them."""
    images = [path for path in paths if _may_be_read(path)]
    stems = {os.path.join(os.path.dirname(path), micrograph.stem_of(path)) for path in images}
    result = re.compile(rf"(.+)-{name}\d+(-({'|'.join((*BESIDE, PREVIEW))}))?", re.DOTALL)
    made = {stem for stem in stems if name and (match := result.fullmatch(stem)) and stems & set(_scans(match[1]))}
    made |= {stem for stem in stems if stem.endswith(f"-{PREVIEW}") and stem.removesuffix(f"-{PREVIEW}") in stems}
    kept = []
    for path in sorted(images):
        stem = os.path.join(os.path.dirname(path), micrograph.stem_of(path))
        of_series = path.lower().endswith(".emi") and any(other.startswith(f"{stem}_") for other in stems)
        if stem not in made and not of_series:  # an .emi file's images are in the .ser files beside it
            kept.append(path)
    return kept


def _scans(stem: str) -> list[str]:
    """Whose result it may be: its own, or that of an image of a file, as `micrograph.choices` names these."""
    return [stem, *(stem[: part.start()] for part in re.finditer(r"-(?=\d+(-\w+)*$)", stem))]


def _may_be_read(path: str) -> bool:
    suffix = micrograph.suffix_of(path)
    if os.path.basename(path).startswith(".") or suffix not in micrograph.READABLE or suffix in BESIDE_IMAGES:
        return False
    return os.path.isdir(path) == (suffix in micrograph.FOLDERS)
