"""A generator on disk: `config.json` and `weights/generator.npz` in a run directory or under checkpoints/.

Arrays are float32 or float16, named as `_compat.variables` names the generator's variables. NumPy is
imported by what loads or saves them: help tells the generators' names without it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .config import CONFIG_FILE, Config
from .errors import InputError, reason
from .suggestions import did_you_mean_path, names

if TYPE_CHECKING:
    import numpy as np

FILE = os.path.join("weights", "generator.npz")
SPREAD_FILE = os.path.join("weights", "spread.npz")  # of its second head, and what calibrates that: `calibration`
MOST_EXPANSION = 20  # times a file's bytes that its arrays may take: compressed weights are hardly smaller
PRETRAINED = "unified-scan"  # what commands and `Supersampler` take when they are given no weights
PAPERS = "unified-small"  # the paper's generator, pretrained: for its tables and figures, and to be trained further


def pretrained(name: str = PRETRAINED) -> str:
    """Directory of a generator that comes with this package: in the wheel inside it, in a checkout beside it.

    Raises:
        InputError: none has that name.
    """
    for folder in _checkpoints():
        if _is_run(os.path.join(folder, name)):
            return os.path.join(folder, name)
    known = pretrained_names()
    near = _near_run(name) or did_you_mean_path(name, known)
    known_or_where = ", ".join(known) or f"none in {' or '.join(_checkpoints())}"
    raise InputError(
        f"weights {name}: expected a run directory or a pretrained generator ({known_or_where}), "
        f"found {_kind(name)}{near}"
    )


def pretrained_names() -> list[str]:
    """Of the generators that come with this package, the one that is taken unasked first."""
    found = {name for folder in _checkpoints() for name in names(folder) if _is_run(os.path.join(folder, name))}
    return sorted(found, key=lambda name: (name != PRETRAINED, name))


def _checkpoints() -> list[str]:
    """Folders that may hold them."""
    package = os.path.dirname(__file__)
    return [os.path.join(folder, "checkpoints") for folder in (package, os.path.dirname(package))]


def save(directory: str, arrays: dict[str, np.ndarray], file: str = FILE) -> str:
    """Write `weights/generator.npz`, or another file, into a run directory, beside and then renamed; its path."""
    from .formats import npz
    from .formats.replacing import replacing

    path = os.path.join(directory, file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with replacing(path) as beside:
        npz.write(beside, arrays)
    return path


def find(directory_or_name: str | None = None) -> str:
    """The directory that `load` loads; InputError if there is none."""
    directory = directory_or_name or PRETRAINED
    return directory if os.path.isdir(directory) else pretrained(directory)


def digest(directory_or_name: str | None = None, file: str = FILE) -> str | None:
    """SHA-256 of a generator's weights, another one for others; None if it has none yet."""
    from .formats import digests

    path = os.path.join(find(directory_or_name), file)
    return digests.of_file(path) if os.path.isfile(path) else None


def identity(directory_or_name: str | None = None) -> dict[str, str]:
    """Which generator it is: `name`, `weights` as they are to be given, and `sha256`, where there are weights.

    Also `spread_sha256`, of what tells its errors, if it has that.
    """
    given = directory_or_name or PRETRAINED
    found = {"sha256": digest(directory_or_name), "spread_sha256": digest(directory_or_name, SPREAD_FILE)}
    named = {"name": os.path.basename(os.path.normpath(given)), "weights": given}
    return named | {name: each for name, each in found.items() if each}


def load(directory_or_name: str | None = None) -> tuple[Config, dict[str, np.ndarray]]:
    """Config and float32 weights by name, of a run directory or a pretrained generator; None: the pretrained one.

    A directory goes before a pretrained generator of the same name.

    Raises:
        InputError: a file is missing or damaged; it names the file.
    """
    directory = find(directory_or_name)
    path = os.path.join(directory, CONFIG_FILE)
    if not os.path.lexists(path):
        raise InputError(f"{path}: expected a run's configuration, found nothing{_near_run(directory)}")
    config = Config.load(path)
    return config, _checked(os.path.join(directory, FILE), "has the run saved any yet?")


def load_spread(directory_or_name: str | None = None, file: str = SPREAD_FILE) -> dict[str, np.ndarray]:
    """Float32 arrays by name of what tells a generator's errors; as `load`."""
    return _checked(os.path.join(find(directory_or_name), file), "`dlss-tf fit-uncertainty` makes them")


def _checked(path: str, advice: str) -> dict[str, np.ndarray]:
    if not os.path.isfile(path):
        raise InputError(f"{path}: expected a generator's weights, found {_kind(path)}; {advice}")
    try:
        return _arrays(path)
    except MemoryError:
        raise InputError(f"{path}: expected a generator's weights, found more than there is memory for") from None
    except Exception as error:  # NumPy and zipfile raise anything on a damaged file
        raise InputError(f"{path}: expected a generator's weights, found a damaged file ({reason(error)})") from None


def _arrays(path: str) -> dict[str, np.ndarray]:
    """What `save` wrote: an archive of arrays that are stored as they are, and so no larger than it."""
    import zipfile

    import numpy as np

    with zipfile.ZipFile(path) as archive:
        announced, there = sum(member.file_size for member in archive.infolist()), os.path.getsize(path)
    if announced > MOST_EXPANSION * there:
        raise InputError(f"{announced} bytes of arrays in a file of {there}")
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or not np.isfinite(array).all():
            raise InputError(f"{name} is no array of finite numbers")
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _is_run(directory: str) -> bool:
    return os.path.isfile(os.path.join(directory, CONFIG_FILE))


def _near_run(path: str) -> str:
    """'; did you mean RUN?' of a run directory that the path is in, or that is in it; "" if there is none."""
    inside = [os.path.join(path, name) for name in names(path)] if os.path.isdir(path) else []
    above = [os.path.dirname(path), os.path.dirname(os.path.dirname(path))]
    near = next(filter(_is_run, [*filter(None, above), *inside]), None)
    return f"; did you mean {near}?" if near else ""


def _kind(path: str) -> str:
    return "a folder" if os.path.isdir(path) else "a file" if os.path.exists(path) else "nothing"
