"""Microscopes' own formats and HyperSpy's, read by RosettaSciIO: dm3, dm4, emd, ser, mrc, hspy, zspy and more."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..packages import needed
from . import confined, datasets, guards, hspy, kinds, mrc, notes, reasons, units
from .contents import Entry
from .datasets import Dataset
from .image import Micrograph
from .stacks import Stack

#: Suffixes that RosettaSciIO reads and that hold, or may hold, images.
SUFFIXES = (
    *(".dm3", ".dm4", ".emd", ".ser", ".emi", ".mrc", ".mrcz", ".ali", ".hspy", ".zspy", ".hdf5", ".h5", ".nxs"),
    *(".bcf", ".prz", ".unf", ".rpl", ".elid", ".img", ".asw", ".blo", ".mib", ".tvips", ".xml", ".app5", ".sur"),
)

#: What its readers are told: images alone, all of them, and every frame of a stack.
OPTIONS: dict[str, dict[str, Any]] = {
    "EMD": {"select_type": "images", "load_SI_image_stack": True},
    "Delmic": {"signal": "all"},
}
#: Readers whose lazy arrays are wrong where the file is compressed.
EAGER = ("PantaRhei",)


def contents(path: str, suffix: str) -> list[Entry]:
    """What is in a file of that suffix; arrays stay on disk where a reader can leave them there.

    Raises:
        InputError: no reader knows the file, or RosettaSciIO or what the reader needs is not installed.
    """
    _import_filters(suffix)
    if suffix in kinds.HDF5:
        confined.check_hdf5(path)
    errors: dict[str, Exception] = {}
    for plugin in _plugins(path, suffix):
        try:
            found = _datasets(path, plugin)
        except Exception as error:  # not this plugin's format; the others with this suffix may know it
            if reasons.lacks_memory(error):
                raise
            errors[plugin["name"]] = error
            continue
        if found:
            return [_entry(path, dataset) for dataset in found]
    raise _refusal(path, suffix, errors)


def warm(suffix: str) -> None:
    """Import what reading such a file takes.

    Raises:
        InputError, ImportError: it is not installed.
    """
    _import_filters(suffix)
    for plugin in _plugins("", suffix):
        importlib.import_module(plugin["api"])


def _import_filters(suffix: str) -> None:
    """What decodes that HDF5 alone does not, once it is imported."""
    if suffix in kinds.HDF5:
        with contextlib.suppress(ImportError):
            import hdf5plugin  # noqa: F401


def pixel_size(dataset: Dataset) -> tuple[tuple[float, float] | None, str]:
    """Height and width of a pixel, and their unit's name; (None, "px") if they are not known."""
    image = datasets.plane(dataset)
    if image is None:
        return None, "px"
    rows, columns = (datasets.in_array(dataset)[i] for i in image)
    scales = [axis.get("scale") for axis in (rows, columns)]  # with their signs, and as wrong as they may be
    sizes = [datasets.step(axis) if scale is None else scale for axis, scale in zip((rows, columns), scales)]
    if None in scales and np.isnan(sizes).any():
        return None, "px"
    return units.calibrated(sizes, rows.get("units"), columns.get("units"))


def _entry(path: str, dataset: Dataset) -> Entry:
    kind, data = datasets.kind(dataset), dataset["data"]
    image = datasets.plane(dataset)
    frames = [n for i, n in enumerate(data.shape) if i not in (image or ())]
    shape = (*frames, *(data.shape[i] for i in image or ()))
    load, pixel = functools.partial(_load, path, dataset), functools.partial(pixel_size, dataset)
    name, detector = datasets.name(dataset), datasets.detector(dataset)
    stack = functools.partial(_stack, path, dataset)
    return Entry(kind, shape, data.dtype, load, name, detector, pixel, lambda: _told(dataset)[1], stack)


def _stack(path: str, dataset: Dataset) -> contextlib.AbstractContextManager[Stack | None]:
    """The frames of a dataset whose array its reader has left on disk."""
    data, image = dataset["data"], datasets.plane(dataset)
    if image is None or not hasattr(data, "compute") or data.ndim < 3:
        return contextlib.nullcontext()
    import dask.array as da

    guards.check_bytes(path, data.shape, data.dtype)
    data = da.moveaxis(data, image, (-2, -1))
    flat = data.reshape(-1, *data.shape[-2:])
    read = lambda first, last: np.asarray(flat[first:last].compute())  # noqa: E731
    return contextlib.nullcontext(Stack(data.shape, data.dtype, read, max(flat.chunks[0])))


def _load(path: str, dataset: Dataset) -> Micrograph:
    """The image [..., h, w] of a dataset that is one."""
    data, image = dataset["data"], datasets.plane(dataset)
    guards.check_bytes(path, data.shape, data.dtype)
    data = np.asarray(data.compute() if hasattr(data, "compute") else data)
    axes = datasets.in_array(dataset)
    if image is not None:
        axes = [axis for i, axis in enumerate(axes) if i not in image] + [axes[i] for i in image]
    if image not in (None, (data.ndim - 2, data.ndim - 1)):
        data = np.ascontiguousarray(np.moveaxis(data, image, (-2, -1)))
    history, provenance = _told(dataset)
    size, unit = pixel_size(dataset)
    kept = hspy.kept(axes, dataset)
    return Micrograph(data, size, unit, datasets.title(dataset), history, provenance=provenance, **kept)


def _told(dataset: Dataset) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """History and where it came from, by its notes; by `hspy.PROCESSING` what HyperSpy itself wrote."""
    history, provenance = notes.split(str(dataset["metadata"].get("General", {}).get("notes", "")).splitlines())
    return history, provenance or hspy.provenance(dataset["metadata"])


def _datasets(path: str, plugin: dict[str, Any]) -> list[Dataset]:
    """What a reader finds in a file, with what it takes another way put right."""
    if plugin["name"] == "MRC":
        mrc.check(path)
    try:
        found = _read(path, plugin)
    finally:
        hspy.forget(path)
    if plugin["name"] == "MRC":
        return [mrc.corrected(path, dataset) for dataset in found]
    return [datasets.with_reciprocal_metres(dataset) for dataset in found] if plugin["name"] == "TIA" else found


def _read(path: str, plugin: dict[str, Any]) -> list[Dataset]:
    """What a reader gives, with the arrays left on disk where it can do that."""
    reader = importlib.import_module(plugin["api"]).file_reader
    options = OPTIONS.get(plugin["name"], {})
    if plugin["name"] in EAGER:
        return reader(path, **options)
    try:
        return reader(path, lazy=True, **options)
    except (NotImplementedError, ValueError, TypeError):
        # Formats of small files; HDF5's arrays in one piece; what this reader leaves on disk only as plain images.
        _check_arrays(path)
        return reader(path, **options)


def _check_arrays(path: str) -> None:
    """InputError if an array of HDF5 or Zarr in the file promises more than it can hold."""

    def check(_: str, item: Any) -> None:
        if hasattr(item, "dtype") and item.dtype.kind != "O":
            guards.check_bytes(path, item.shape or (), item.dtype)

    if os.path.isdir(path):
        import zarr

        zarr.open_group(path, mode="r").visititems(check)
        return
    try:
        import h5py
    except ImportError:
        return
    if h5py.is_hdf5(path):
        with h5py.File(path) as file:
            file.visititems(check)


def _plugins(path: str, suffix: str) -> list[dict[str, Any]]:
    """RosettaSciIO's readers for a suffix."""
    try:
        import rsciio
    except ImportError:
        raise InputError(f"{path}: reading {suffix} needs {needed('rsciio')}") from None
    plugins = [p for p in rsciio.IO_PLUGINS if suffix[1:] in [extension.lower() for extension in p["file_extensions"]]]
    return sorted(plugins, key=lambda p: p["name"] == "MRCZ")  # which needs a package of its own for plain MRC files


def _refusal(path: str, suffix: str, errors: dict[str, Exception]) -> InputError:
    """Why none of the readers could read a file: what the first says of it; of what is not installed, all."""
    if not errors:
        beside = " (its images are in .ser files, of which none is beside it)" if suffix == ".emi" else ""
        return InputError(f"{path}: expected an image, found a file without one{beside}")
    lacking = {name: reasons.missing(error) for name, error in errors.items()}
    others = [error for name, error in errors.items() if lacking[name] is None]
    if not others:
        return reasons.refusal(path, suffix, next(iter(errors.values())))
    found = str(reasons.refusal(path, suffix, others[0]))
    hints = [f"; if it is {name}'s, it needs {needed(module)}" for name, module in lacking.items() if module]
    return InputError(found + "".join(hints if reasons.UNSUPPORTED in found else []))
