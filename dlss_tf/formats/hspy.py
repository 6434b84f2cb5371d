"""HyperSpy's own files, hspy and zspy, written by RosettaSciIO (rosetta.py reads them), and what only they hold."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .._version import __version__
from ..errors import reason
from . import guards, notes, remarks
from .fit import finite, plain, shortened
from .image import Axis, Micrograph

LONGEST_TITLE = 200  # bytes; it becomes a folder's name
#: What is not the acquisition's but the old data's, or is written anew.
NOT_KEPT = {
    "General": ("title", "notes"),
    "Signal": ("signal_type", "Noise_properties"),
    "Processing": ("dlss_tf",),  # where the data came from
    "_HyperSpy": None,
}


def kept(axes: Sequence[Mapping[str, Any]], dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a Micrograph for what RosettaSciIO found of an image beside title, pixel size and notes.

    `axes` are the dataset's, in the order of the Micrograph's: frames, rows, columns.
    """
    *frames, rows, columns = axes
    original = plain(dataset.get("original_metadata") or {})
    metadata = plain(dataset.get("metadata") or {})
    _fill_in(metadata, original, dataset.get("mapping") or {})
    return {
        "origin": (_origin(rows), _origin(columns)),
        "frames": tuple(_frames(axis) for axis in frames),
        "metadata": _acquisition(metadata),
        "original_metadata": original,
    }


def provenance(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Where an image came from, by metadata.Processing.dlss_tf; {} if that is not there, or something else."""
    return notes.checked(_mapping(metadata.get("Processing")).get("dlss_tf"))


def forget(path: str) -> None:
    """Have RosettaSciIO not keep a file open for ever that it has read: it is closed once its arrays are gone."""
    reader = sys.modules.get("rsciio.hspy._api")
    getattr(reader, "_lazy_file_handles", {}).pop(os.path.abspath(path), None)


def _origin(axis: Mapping[str, Any]) -> float:
    """Where an axis begins, in pixels."""
    scale, offset = finite(axis.get("scale"), 1.0), finite(axis.get("offset"), 0.0)
    return offset / abs(scale) + 0.0 if scale else 0.0


def _frames(axis: Mapping[str, Any]) -> Axis:
    name, units = (text if isinstance(text, str) else "" for text in (axis.get("name"), axis.get("units")))
    if "scale" not in axis:  # its steps are not even
        return Axis(name)
    return Axis(name, units, finite(axis.get("scale"), 1.0), finite(axis.get("offset"), 0.0))


def _fill_in(metadata: dict[str, Any], original: Mapping[str, Any], places: Mapping[str, tuple[str, Any]]) -> None:
    """What HyperSpy takes from a vendor's metadata when it loads a file: from which place, to which, and how."""
    for source, (target, convert) in places.items():
        with contextlib.suppress(Exception):  # a vendor's value may be anything, or not there
            value = _at(original, source)
            value = value if convert is None else convert(_Tree(value) if isinstance(value, Mapping) else value)
            if value is not None:
                *groups, name = target.split(".")
                functools.reduce(lambda group, each: group.setdefault(each, {}), groups, metadata)[name] = value


class _Tree(dict):
    """A mapping whose `get` takes names with points between: converters are written for HyperSpy's metadata."""

    def get(self, place: str, default: Any = None) -> Any:
        try:
            return _at(self, place)
        except (LookupError, TypeError):
            return default


def _at(values: Mapping[str, Any], place: str) -> Any:
    return functools.reduce(lambda inside, name: inside[name], place.split("."), values)


def _acquisition(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Without what `NOT_KEPT` names."""
    found = {}
    for name, values in metadata.items():
        without = NOT_KEPT.get(name, ())
        if without is not None:
            inner = isinstance(values, Mapping)
            found[name] = {key: each for key, each in values.items() if key not in without} if inner else values
    return found


def write(path: str, micrograph: Micrograph) -> None:
    """hspy or zspy, by the path's suffix; says what it cannot take."""
    title = _group(micrograph.title)
    if title != micrograph.title:
        remarks.say(f"the title was shortened or changed to {title or 'none'}: it is a folder's name there, too")
    metadata = plain(micrograph.metadata)
    metadata["General"] = {
        **_mapping(metadata.get("General")),
        "title": title,
        "notes": "\n".join(micrograph.notes),
    }
    metadata["Signal"] = {**_mapping(metadata.get("Signal")), "signal_type": ""}
    ours = {"Processing": {"dlss_tf": plain(micrograph.provenance)}} if micrograph.provenance else {}
    if ours:
        metadata["Processing"] = {**_mapping(metadata.get("Processing")), **ours["Processing"]}
    original = plain(micrograph.original_metadata)
    try:
        _write(path, micrograph, metadata, original)
    except OSError:
        raise
    except Exception as error:  # readers give metadata of any kind and name
        if not micrograph.metadata and not original:
            raise
        remarks.say(f"the metadata of the acquisition cannot be written and was left out ({reason(error)})")
        shutil.rmtree(path, ignore_errors=True)
        general = {key: metadata["General"][key] for key in ("title", "notes")}
        _write(path, micrograph, {"General": general, "Signal": {"signal_type": ""}, **ours}, {})


def _group(title: str) -> str:
    """A title that is a group's name in HDF5 and a folder's in Zarr."""
    title = shortened(title.replace("\\", "/"), LONGEST_TITLE)
    return "" if not title.strip(". /") else title


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _write(path: str, micrograph: Micrograph, metadata: dict[str, Any], original: dict[str, Any]) -> None:
    writer = guards.needed("rsciio.hspy._api" if path.endswith(".hspy") else "rsciio.zspy._api")
    if path.endswith(".hspy"):
        guards.reserve(path, micrograph.data.nbytes)
    signal = {
        "data": micrograph.data,
        "axes": _axes(micrograph),
        "metadata": metadata,
        "original_metadata": original,
        "attributes": {"_lazy": False, "ragged": False},
        "learning_results": {},
        "models": {},
        "tmp_parameters": {},
        "package_info": {"package": "dlss_tf", "package_version": __version__},
    }
    writer.file_writer(path, signal, show_progressbar=False)


def _axes(micrograph: Micrograph) -> list[dict[str, Any]]:
    """As HyperSpy has them: frames to navigate, rows and columns to see."""
    *frames, height, width = micrograph.data.shape
    known = micrograph.frames if len(micrograph.frames) == len(frames) else (Axis(),) * len(frames)
    axes = [
        _axis(axis.name or f"frame{i}", axis.units, count, axis.scale, axis.offset, navigate=True)
        for i, (axis, count) in enumerate(zip(known, frames))
    ]
    unit = "" if micrograph.units == "px" else micrograph.units
    sizes = micrograph.pixel_size or (1.0, 1.0)
    for name, count, size, origin in zip("yx", (height, width), sizes, micrograph.origin):
        axes.append(_axis(name, unit, count, size, origin * size, navigate=False))
    return axes


def _axis(name: str, unit: str, count: int, scale: float, offset: float, navigate: bool) -> dict[str, Any]:
    return {
        "_type": "UniformDataAxis",
        "name": name,
        "units": unit or None,
        "navigate": navigate,
        "is_binned": False,
        "size": count,
        "scale": float(scale),
        "offset": float(offset),
    }
