"""Microscope images with pixel size, units, title and history: read from and written to the files that people have.

The formats are in formats/: by suffix, tiff.py, png.py, npy.py and mrc.py, and rosetta.py for all the rest.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from typing import Any, Literal, overload

import numpy as np

from .errors import InputError, reason, warn
from .formats import asking, guards, hspy, mrc, notes, npy, png, processes, readers, reasons, remarks, rosetta, tiff
from .formats.fit import fit
from .formats.image import Micrograph
from .formats.names import refusal
from .formats.readers import ALL, OME, TIFF
from .formats.replacing import replacing_all
from .formats.stacks import About
from .suggestions import did_you_mean_path, names

__all__ = [
    "ALL",
    "READABLE",
    "WRITABLE",
    "Micrograph",
    "check_axes",
    "check_suffix",
    "check_there",
    "choices",
    "contents",
    "frames",
    "prepare",
    "provenances",
    "read",
    "stem_of",
    "suffix_of",
    "write",
    "write_all",
]

FOLDERS = (".zspy",)  # formats whose files are folders
READABLE = (*OME, *TIFF, ".png", ".npy", *rosetta.SUFFIXES)
MOST_AXES = {**dict.fromkeys((*OME, *TIFF), 4), ".png": 2, ".mrc": 3}  # an image, a stack, a series of stacks

#: Suffixes of what is read without a process of its own: plain numbers after a header that is checked.
IN_PROCESS = (".npy",)

WRITERS: dict[str, Callable[[str, Micrograph], None]] = {
    **dict.fromkeys(OME, tiff.write_ome),
    **dict.fromkeys(TIFF, tiff.write_imagej),
    ".png": png.write,
    ".npy": npy.write,
    ".mrc": mrc.write,
    ".hspy": hspy.write,
    ".zspy": hspy.write,
}
WRITABLE = tuple(WRITERS)


def suffix_of(path: str) -> str:
    """The suffix in small letters, ".ome.tif" as a whole; "" if it is none that is read or written."""
    name = os.path.basename(os.path.normpath(path)).lower()
    return next((suffix for suffix in (*READABLE, *WRITABLE) if name.endswith(suffix) and name != suffix), "")


def stem_of(path: str) -> str:
    """The file's name without that suffix."""
    name = os.path.basename(os.path.normpath(path))
    return name[: len(name) - len(suffix_of(path))]


def check_suffix(path: str) -> None:
    """InputError unless files of that suffix can be written."""
    if suffix_of(path) not in WRITABLE:
        found = os.path.splitext(path)[1] or "none"
        raise InputError(f"{path}: expected a suffix out of {', '.join(WRITABLE)}, found {found}")


def check_axes(path: str, axes: int) -> None:
    """InputError unless data of so many axes can be written into a file of that suffix."""
    most = MOST_AXES.get(suffix_of(path), axes)
    if axes > most:
        raise InputError(f"{path}: expected at most {most} axes for {suffix_of(path)}, found {axes}; try .hspy")


@overload
def read(path: str, image: Literal["all"]) -> list[Micrograph]: ...  # type: ignore[overload-overlap]
@overload
def read(path: str, image: str | int | None = None) -> Micrograph: ...


def read(path: str, image: str | int | None = None) -> Micrograph | list[Micrograph]:
    """The image, or stack of images, in a file.

    `image` chooses among several, by number from 1 in the file's order or by the name of its detector or its title;
    "all" gives a list of all images. Unasked it is the one with the largest images, of several such a HAADF image,
    else the first, and a warning says which it was.

    Raises:
        InputError: one sentence that names the file: it is missing, damaged, of a kind that is not supported or needs
            a package that is not installed, has no such image, or holds no real image: spectra, diffraction patterns
            and colour images are refused by name.
    """
    path = os.fspath(path)
    with remarks.of(path):
        found, said = _asked("images", path, image)
    if said:
        warn(f"{path}: {said}", stacklevel=2)
    images = [readers.micrograph_of(path, fields) for fields in found]
    return images if image == ALL else images[0]


def frames(
    path: str, image: str | int | None = None, frame: int | None = None
) -> Generator[tuple[About, int, np.ndarray], None, None]:
    """What `read` reads, frame by frame: of which image, the frame's number from 0, and its values [h, w].

    Or the `frame` of that number alone. A stack stays in its file, if that can be read so, as plain and compressed
    TIFF, mrc, npy and most of microscopes' can: of others all is in memory at once. The file is open until all are
    taken, or this is closed; nothing is known of its end before.

    Raises:
        InputError: as `read`.
    """
    path = os.fspath(path)
    for answer in _answers(readers.FRAMES, path, image, frame=frame):
        if "image" in answer:
            about, number = readers.about_of(path, answer["image"]), frame or 0
        for values in answer.get("frames", ()):
            yield about, number, values
            number += 1
    for sentence in [*answer["remarks"], *filter(None, [answer["found"]])]:
        warn(f"{path}: {sentence}", stacklevel=2)


def contents(path: str) -> list[str]:
    """What a file holds, a line for each image or whatever else is in it: number, detector or title, size, units.

    A star marks the image that `read` takes unasked.

    Raises:
        InputError: one sentence that names the file.
    """
    with remarks.of(path):
        return _asked("listing", path)


def choices(path: str, image: str | int | None) -> list[tuple[str | int | None, str]]:
    """What to give `read` for each image that `image` asks for, and what comes into the names of its results.

    That is `image` itself and "", but for "all" of a file of several: the images' numbers, "1-HAADF-" and the like.

    Raises:
        InputError: for "all", one sentence that names the file.
    """
    if image != ALL:
        return [(image, "")]
    with remarks.gathered():  # read tells them
        names = _asked("names", path)
    return names if len(names) > 1 else [(None, "")]


def provenances(path: str) -> list[tuple[int, dict[str, Any]]]:
    """Of each image, or other array, in a file that says where it came from, its number and what it says.

    Raises:
        InputError: one sentence that names the file.
    """
    with remarks.gathered():  # contents tells them
        return [(int(number), notes.checked(found)) for number, found in _asked("provenances", path)]


def prepare(paths: Iterable[str]) -> None:
    """Have the process that is to read these files start, beside what this one does next."""
    suffixes = dict.fromkeys(map(suffix_of, paths))
    processes.start([suffix for suffix in suffixes if suffix in READABLE and suffix not in IN_PROCESS])


def _asked(question: str, path: str, image: str | int | None = None) -> Any:
    """What a question of `readers` finds in a file; its remarks are said.

    Raises:
        InputError: one sentence that names the file.
    """
    (answer,) = _answers(question, path, image)
    for sentence in answer["remarks"]:
        remarks.say(sentence)
    return answer["found"]


def _answers(question: str, path: str, image: str | int | None, **more: Any) -> Iterator[dict[str, Any]]:
    suffix = suffix_of(path)
    asked = {"question": question, "path": path, "suffix": suffix, "stem": stem_of(path), "image": image, **more}
    try:
        check_there(path)
        yield from asking.answers(suffix in IN_PROCESS, **asked)
    except OSError as error:  # it has gone meanwhile, or the current folder has
        raise reasons.refusal(path, suffix, error) from None


def check_there(path: str) -> None:
    """InputError unless there is a file with something in it, of a suffix that is read."""
    suffix = suffix_of(path)
    if suffix not in FOLDERS and os.path.isdir(path):
        raise InputError(f"{path}: expected an image file, found a folder {_of_images(path)}")
    if not os.path.exists(path):
        raise InputError(f"{path}: expected an image file, found nothing{did_you_mean_path(path)}")
    if suffix not in READABLE:
        raise InputError(f"{path}: expected an image file, found an unknown suffix; known are {', '.join(READABLE)}")
    if guards.bytes_on_disk(path) == 0:
        raise InputError(f"{path}: expected an image, found an empty file")


def _of_images(folder: str) -> str:
    """What is in a folder that was taken for a file."""
    there = names(folder)
    images = [name for name in there if suffix_of(name) in READABLE]
    if images:
        return f"of {len(images)}, such as {os.path.join(folder, images[0])}"
    folders = [name for name in there if os.path.isdir(os.path.join(folder, name))]
    return "without one" + (f", but with folders such as {os.path.join(folder, folders[0])}" if folders else "")


def write(path: str, micrograph: Micrograph) -> None:
    """Write by suffix: ImageJ or OME TIFF, hspy, zspy, mrc, npy, or a PNG to look at, 8 bit with a scale bar.

    Beside, then renamed, so `path` is never half a file. TIFF and mrc hold fewer types than NumPy: others become the
    next that holds all their values, or float32. PNG stretches the 0.1 to 99.9 percentiles over its greys. Warns of
    what the format cannot hold of title, history, pixel size and values, and of what became of it.

    Raises:
        InputError: one sentence that names the file: a suffix, data or a place that cannot be written.
    """
    write_all({path: micrograph})


def write_all(
    micrographs: Mapping[str, Micrograph],
    overwrite: bool | Collection[str] = True,
    pictures: Mapping[str, bytes] | None = None,
) -> None:
    """`write` each to its path, all or none; none if there is a file at one of the paths that may not be replaced.

    `overwrite` is whether they may, or those that may. `pictures`, what is to be in files by their paths, appear with
    them.
    """
    pictures = pictures or {}
    paths = [*micrographs, *pictures]
    for path, micrograph in micrographs.items():
        _check_writable(path, micrograph)
    said: list[str] = []
    path = ""
    try:
        with replacing_all(paths, overwrite) as besides:
            for (path, micrograph), beside in zip(micrographs.items(), besides):
                with remarks.gathered() as sentences, guards.quiet():
                    WRITERS[suffix_of(path)](beside, fit(micrograph))
                said += [f"{path}: {sentence}" for sentence in dict.fromkeys(sentences)]
            for path, beside in zip(pictures, besides[len(micrographs) :]):
                with open(beside, "wb") as file:
                    file.write(pictures[path])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except FileExistsError as error:
        raise InputError(f"{error.filename}: expected no file, found one that came meanwhile") from None
    except OSError as error:
        place = error.filename if error.filename in map(os.path.normpath, paths) else path
        raise InputError(f"{place}: expected a place that can be written, found: {reason(error)}") from None
    except Exception as error:  # third-party writers raise anything, too
        raise InputError(
            f"{path}: expected what {suffix_of(path)} can hold, found that it cannot be written ({reason(error)})"
        ) from None
    for sentence in said:
        warn(sentence, stacklevel=3)


def _check_writable(path: str, micrograph: Micrograph) -> None:
    check_suffix(path)
    readers.check_image(path, micrograph.data)
    check_axes(path, micrograph.data.ndim)
    if bad := refusal(path):
        raise InputError(f"{path}: expected a name that a file can have, found {bad}")
    if not os.path.isdir(os.path.dirname(path) or "."):  # which some writers would make
        raise InputError(f"{path}: expected a place that can be written, found: {os.strerror(errno.ENOENT)}")
