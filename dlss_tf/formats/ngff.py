"""OME-Zarr (NGFF 0.4): an image's chunks are written as Dask finishes them, beside smaller levels to look at."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

import dask.array as da
import numpy as np
from dask.callbacks import Callback

from ..errors import InputError, reason
from ..progress import Progress
from . import carried, digests, locks
from .ome_zarr import ATTRIBUTE
from .replacing import clear, replacing
from .units import NGFF, name_of

HALVINGS = 3  # levels beside the full one, at most
SMALL = 512  # px; an image with no longer side has no need of a smaller level
AXES = ("t", "c", "z", "y", "x")
KINDS = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def write_ome_zarr(
    path: str | os.PathLike,
    images: da.Array,
    pixel_size: float | Sequence[float] | None = None,
    units: str = "",
    name: str = "",
    progress: bool = True,
    source: str | os.PathLike | None = None,
) -> None:
    """Write images [..., H, W] of up to five axes as OME-Zarr, each chunk when it is computed.

    `pixel_size` is that of these images, not of their scans, one number or (height, width), in `units`, such as "nm".
    Axes before the last two are called t; t, c; t, c, z. Where chunks halve evenly there are up to three smaller
    levels, means of 2x2 px, made of the same chunks while these are in memory. A line on stderr says how far it is,
    except with `dask.distributed`, which has its dashboard. Where images of `supersample_lazily` came from is the
    group's attribute `dlss_tf`, with name and SHA-256 digest of the file `source` that their scans were in, if it is
    given. Until it is complete the store has a hidden name beside
    `path`; interrupted work leaves nothing, and what a killed writer left there is removed by the next one.

    Raises:
        InputError: `path` exists, somebody else writes it, axes, pixel size or units are others, or there is no
            `source`.
    """
    path = os.fspath(path).rstrip("/")
    _check_free(path)
    if not isinstance(images, da.Array) or not 2 <= images.ndim <= len(AXES) or images.dtype.kind not in "biuf":
        raise InputError(f"images: expected a Dask array of real numbers and 2 to 5 axes, found {_found(images)}")
    levels = _levels(images.rechunk([max(axis) for axis in images.chunks], method="tasks"))
    metadata = _metadata(levels, _pixel(pixel_size), _unit(units), name or os.path.basename(path).split(".")[0])
    metadata |= _provenance(images, source)

    with _alone(path), _Shown(path) if progress else Callback(), replacing(path, overwrite=False) as beside:
        da.store(levels, _create(beside, levels, metadata), lock=False)  # every chunk is a file of its own


@contextlib.contextmanager
def _alone(path: str) -> Iterator[None]:
    """Nobody else writes `path` meanwhile."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    try:
        with locks.of(path):
            _check_free(path)
            clear(os.path.dirname(path) or ".")
            yield
    except FileExistsError as error:
        if error.filename != os.path.normpath(path):
            raise
        raise InputError(f"{path}: expected a path where nothing is yet, found one that came meanwhile") from None


def _check_free(path: str) -> None:
    if os.path.lexists(path):
        raise InputError(f"{path}: expected a path where nothing is yet, found a {_kind(path)}")


def _levels(images: da.Array) -> list[da.Array]:
    """The images, and smaller ones while they are large and their chunks' halves are chunks again."""
    levels = [images]
    while max(levels[-1].shape[-2:]) > SMALL and len(levels) <= HALVINGS and _halves_evenly(levels[-1]):
        last = levels[-1]
        chunks = (*last.chunks[:-2], *(tuple(-(-n // 2) for n in axis) for axis in last.chunks[-2:]))
        levels.append(da.map_blocks(_half, last, chunks=chunks, dtype=last.dtype))
    return levels


def _halves_evenly(images: da.Array) -> bool:
    return all(n % 2 == 0 for axis in images.chunks[-2:] for n in axis[:-1])


def _half(chunk: np.ndarray) -> np.ndarray:
    """Means of 2x2 px [..., H, W] in the same type, of fewer at the far rim where a side is odd."""
    height, width = chunk.shape[-2:]
    padded = np.pad(chunk, [(0, 0)] * (chunk.ndim - 2) + [(0, height % 2), (0, width % 2)], mode="edge")
    halves = padded.reshape(*chunk.shape[:-2], -(-height // 2), 2, -(-width // 2), 2).mean((-3, -1))
    return (halves if chunk.dtype.kind == "f" else np.rint(halves)).astype(chunk.dtype)


def _metadata(levels: list[da.Array], pixel: tuple[float, float], unit: str | None, name: str) -> dict:
    """The attributes of the group, by https://ngff.openmicroscopy.org/0.4/."""
    leading = levels[0].ndim - 2
    axes = [{"name": axis, "type": KINDS[axis]} for axis in (*AXES[:leading], *AXES[-2:])]
    if unit:
        for axis in axes[-2:]:
            axis["unit"] = unit
    datasets = []
    for level in range(len(levels)):
        scale = [1.0] * leading + [side * 2**level for side in pixel]
        # A pixel's coordinate is its centre, and the first mean's is between the first pixels.
        translation = [0.0] * leading + [side * (2**level - 1) / 2 for side in pixel]
        transformations = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": translation}]
        datasets.append({"path": str(level), "coordinateTransformations": transformations})
    return {"multiscales": [{"version": "0.4", "name": name, "axes": axes, "datasets": datasets, "type": "mean"}]}


def _provenance(images: da.Array, source: str | os.PathLike | None) -> dict:
    """The group's attribute of where images came from, if that is known."""
    provenance = carried.found(images)
    if source is not None:
        try:
            provenance["source"] = {"file": os.fspath(source), "sha256": digests.of_file(os.fspath(source))}
        except OSError as error:
            raise InputError(f"{source}: expected the scans' file, found: {reason(error)}") from None
    return {ATTRIBUTE: provenance} if provenance else {}


def _create(path: str, levels: list[da.Array], metadata: dict) -> list:
    """A group with an empty array for each level."""
    import zarr

    kind = {"zarr_format": 2} if int(zarr.__version__.split(".")[0]) >= 3 else {}
    zarr.open_group(path, mode="w", **kind).attrs.update(metadata)
    return [
        zarr.open_array(
            path,
            mode="a",
            path=str(i),
            shape=level.shape,
            chunks=tuple(axis[0] for axis in level.chunks),
            dtype=level.dtype,
            dimension_separator="/",
            **kind,
        )
        for i, level in enumerate(levels)
    ]


def _pixel(size: float | Sequence[float] | None) -> tuple[float, float]:
    """Height and width of a pixel; 1 if it is not known."""
    sides = [1.0] if size is None else np.ravel(size).tolist()
    if len(sides) not in (1, 2) or not all(np.isfinite(side) and side > 0 for side in sides):
        raise InputError(f"pixel_size: expected a positive number, or its height and width, found {size}")
    return float(sides[0]), float(sides[-1])


def _unit(unit: str) -> str | None:
    """The name that NGFF has for a unit of length; None if it is not known."""
    if name_of(unit) == "px":
        return None
    name = NGFF.get(name_of(unit))
    if name is None:
        raise InputError(f"units: expected one of {', '.join(NGFF.values())}, found {unit}")
    return name


def _found(images: object) -> str:
    return f"{images.dtype}, shape {list(images.shape)}" if isinstance(images, da.Array) else type(images).__name__


def _kind(path: str) -> str:
    return "folder" if os.path.isdir(path) else "file"


class _Shown(Callback):
    """A progress line that counts the tasks of a local scheduler."""

    def __init__(self, label: str):
        self._label = label
        super().__init__()

    def _start_state(self, dsk: dict, state: dict) -> None:
        total = sum(len(state[stage]) for stage in ("ready", "waiting", "running", "finished"))
        self._progress = Progress(self._label, total)

    def _posttask(self, key: object, result: object, dsk: dict, state: dict, worker: object) -> None:
        self._progress.update(len(state["finished"]))
