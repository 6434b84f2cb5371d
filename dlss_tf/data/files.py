"""Data sets on disk, `<root>/{train,val,test}/*.tif`: listed, read one by one, bad files counted. No TensorFlow."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Sequence

import numpy as np
import tifffile
from absl import logging as absl_logging

from ..errors import InputError
from ..formats.values import in_float32
from ..simulation.dataset import SPLITS
from ..suggestions import did_you_mean_path, names

# What is wrong with a file is said once, by InputError or BadFiles, not again in tifffile's own words.
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)


def list_files(roots: Sequence[str], split: str) -> list[str]:
    """The `*.tif` and `*.tiff` files of `<root>/<split>`: sorted in each root, roots in the order given.

    Raises:
        InputError: no root, or one of them or its split folder is missing or holds no TIFF file; it names the folder.
    """
    if isinstance(roots, (str, os.PathLike)):
        roots = [roots]
    if not roots:
        raise InputError("No data folder was given; expected at least one that holds train, val and test.")
    return [path for root in roots for path in _list_folder(os.fspath(root), split)]


def balanced(roots: Sequence[str], split: str) -> list[str]:
    """As `list_files`, with the files of each root repeated as often as makes the roots about equally long."""
    folders = [list_files([root], split) for root in roots]
    longest = max(map(len, folders))
    return [path for files in folders for path in files * round(longest / len(files))]


def _list_folder(root: str, split: str) -> list[str]:
    folder = os.path.join(root, split)
    for needed in (root, folder):
        if not os.path.isdir(needed):
            expected = os.path.join(folder, "*.tif")
            raise InputError(
                f"The data folder {needed} does not exist; expected {expected}{_instead(root, split) or '.'}"
            )
    try:
        # Broken links are kept: the stream names them as bad files. Sub-folders are not files.
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if is_tiff(e.name) and not e.is_dir()]
    except OSError as error:
        raise InputError(f"The data folder {folder} cannot be read: {error.strerror}.") from None
    if not names:
        raise InputError(f"The data folder {folder} holds no *.tif or *.tiff file.")
    return [os.path.join(folder, name) for name in sorted(names)]


def _instead(root: str, split: str) -> str:
    """What to give, or where to put images, in place of a root without that split; "" if that is not known."""
    if not os.path.isdir(root):
        return did_you_mean_path(root)
    above, name = os.path.split(os.path.normpath(root))
    if name in SPLITS:
        return f"; did you mean {above or '.'}, which holds {name}?"
    there = names(root)
    images = sum(map(is_tiff, there))
    if images:
        return f"; move the {images} TIFF files in {root} into its folders {', '.join(SPLITS[:-1])} and {SPLITS[-1]}."
    other = [each for each in SPLITS if each in there]
    return f"; it has {' and '.join(other)} alone." if other else ""


def digest_of_names(files: Sequence[str]) -> str:
    """Of files by their names and order alone, not where their folders lie."""
    names = "\n".join(map(os.path.basename, files))
    return hashlib.sha256(names.encode(errors="surrogateescape")).hexdigest()


def digest_of_files(files: Sequence[str]) -> str:
    """Of files by their names, sizes and times of last change, not of what is in them."""
    return hashlib.sha256("\n".join(map(_state_of, files)).encode(errors="surrogateescape")).hexdigest()


def _state_of(path: str) -> str:
    """A file's name, and what changes when it does; a file that is missing is told by who reads it."""
    try:
        status = os.stat(path)
    except OSError:
        return path
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def is_tiff(name: str) -> bool:
    """Whether a file of that name is an image of a data set; hidden ones are what an interrupted writer left."""
    return name.lower().endswith((".tif", ".tiff")) and not name.startswith(".")


def read_tiff(path: str) -> np.ndarray:
    """Read one grey image from any TIFF file that tifffile can decode.

    Returns:
        float32 [h, w] in the file's units; single pixels may be NaN or infinite. Further axes of length 1 are dropped.

    Raises:
        InputError: one sentence that names the file, if it is unreadable, empty, truncated, not two-dimensional, not of
            real numbers, or without one finite value.
    """
    return _grey_image(path, _read_array(path))


def _read_array(path: str) -> np.ndarray:
    try:
        size = os.path.getsize(path)
        if size == 0:
            raise InputError(f"{path} is empty: 0 bytes, expected a TIFF image.")
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages[0]
            end = max((a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=False)), default=0)
            if end > size:  # tifffile would fill what is missing with zeros
                raise InputError(f"{path} is truncated: its pixels end at byte {end}, the file at byte {size}.")
            # A lone page needs no series, which damaged metadata can keep tifffile from finding.
            return page.asarray() if len(tiff.pages) == 1 else tiff.asarray()
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # tifffile and its decoders raise whatever a damaged file makes them run into
        reason = (" ".join(str(error).split()) or type(error).__name__).rstrip(".")
        raise InputError(f"{path} cannot be read as a TIFF image: {reason}.") from None


def _grey_image(path: str, image: np.ndarray) -> np.ndarray:
    shape = image.shape
    if image.ndim > 2:
        image = image.squeeze()
    if image.ndim != 2 or not image.size:
        raise InputError(f"{path} has shape {shape}, expected one grey image of height x width.")
    if image.dtype.kind not in "buif":
        raise InputError(f"{path} holds {image.dtype} pixels, expected real numbers.")
    image = np.ascontiguousarray(in_float32(image)[0])
    if not np.isfinite(image).any():
        raise InputError(f"{path} holds no finite value: every pixel is NaN or infinite.")
    return image


class BadFiles:
    """Counts the files of one stream that cannot be used, and stops it when they are too many. Thread-safe.

    Args:
        total: number of files of the stream.
        folder: where they lie, for the message.
    """

    def __init__(self, total: int, folder: str = "the data"):
        self.total, self.folder = total, folder
        self._lock = threading.Lock()
        self._reasons: dict[str, str] = {}

    @property
    def count(self) -> int:
        """How many different files were reported."""
        return len(self._reasons)

    def reason(self, path: str) -> str | None:
        """Why `path` was reported; None if it was not."""
        return self._reasons.get(path)

    def report(self, path: str, reason: str) -> None:
        """Note that `path` is bad. The first time it is logged: `reason` is a sentence that names the file.

        Raises:
            InputError: now more than 1 in 100 files, or all of them, are bad.
        """
        with self._lock:
            if path not in self._reasons:
                self._reasons[path] = reason
                absl_logging.warning("Skipped a bad file: %s", reason)
            count = len(self._reasons)
        if count == self.total:
            raise InputError(f"None of the {self.total} files in {self.folder} can be used; the last: {reason}")
        if count * 100 > self.total:
            raise InputError(
                f"{count} of {self.total} files in {self.folder} are bad, more than 1 in 100; the last: {reason}"
            )


def folders(files: Sequence[str]) -> str:
    """'a', 'a and b', 'a and 2 more folders': where files lie."""
    folders = list(dict.fromkeys(os.path.dirname(path) or "." for path in files))
    if len(folders) <= 2:
        return " and ".join(folders)
    return f"{folders[0]} and {len(folders) - 1} more folders"
