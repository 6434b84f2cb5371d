"""Microscopes' own formats and HyperSpy's, read by RosettaSciIO: dm3, dm4, emd, ser, mrc, hspy, zspy and more."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..errors import InputError
from . import guards, hspy, units
from .image import Micrograph

#: Suffixes that RosettaSciIO reads and that hold, or may hold, images.
SUFFIXES = (
    *(".dm3", ".dm4", ".emd", ".ser", ".emi", ".mrc", ".mrcz", ".ali", ".hspy", ".zspy", ".hdf5", ".h5", ".nxs"),
    *(".bcf", ".prz", ".unf", ".rpl", ".elid", ".img", ".asw", ".blo", ".mib", ".tvips", ".xml", ".app5", ".sur"),
)

Dataset = dict[str, Any]  # as RosettaSciIO's readers give it: data, axes, metadata


def read(path: str, suffix: str) -> Micrograph:
    """The image, or stack of images, in a file of that suffix; of several the one with the largest images.

    Raises:
        InputError: there is none, or RosettaSciIO is not installed.
    """
    datasets: list[Dataset] = []
    errors: list[Exception] = []
    for plugin in _plugins(path, suffix):
        try:
            datasets = _datasets(path, plugin)
            break
        except Exception as error:  # not this plugin's format; the others with this suffix may know it
            errors.append(error)
    if not datasets:
        raise errors[0] if errors else InputError(f"{path}: expected an image, found a file without data")
    images = [dataset for dataset in datasets if _kind(dataset) == "an image"]
    if not images:
        kinds = ", ".join(dict.fromkeys(_kind(dataset) for dataset in datasets))
        raise InputError(f"{path}: expected an image, found {kinds}")
    image = max(images, key=lambda each: int(np.prod(each["data"].shape[-2:])))
    guards.check_bytes(path, image["data"].shape, image["data"].dtype)
    data = image["data"]
    size, unit = pixel_size(image)
    general = image["metadata"].get("General", {})
    history = str(general.get("notes", "")).splitlines()
    return Micrograph(
        np.asarray(data.compute() if hasattr(data, "compute") else data),
        size,
        unit,
        str(general.get("title") or ""),
        tuple(history),
        **hspy.kept(image["axes"], image),
    )


def pixel_size(dataset: Dataset) -> tuple[tuple[float, float] | None, str]:
    """Height and width of a pixel, and their unit's name."""
    rows, columns = _signal_axes(dataset)
    return units.calibrated([abs(rows["scale"]), abs(columns["scale"])], rows.get("units"))


def _datasets(path: str, plugin: dict[str, Any]) -> list[Dataset]:
    """What a reader finds in a file, with the arrays left on disk where it can do that."""
    reader = importlib.import_module(plugin["api"]).file_reader
    options = {"select_type": "image"} if plugin["name"] == "EMD" else {}
    try:
        return reader(path, lazy=True, **options)
    except NotImplementedError:  # formats of small files
        pass
    except ValueError:  # HDF5's arrays stay on disk only if they are in chunks
        _check_hdf5(path)
    return reader(path, **options)


def _check_hdf5(path: str) -> None:
    """InputError if an array in the file promises more than it can hold."""
    import h5py

    def check(_: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            guards.check_bytes(path, item.shape or (), item.dtype)

    with h5py.File(path) as file:
        file.visititems(check)


def _plugins(path: str, suffix: str) -> list[dict[str, Any]]:
    """RosettaSciIO's readers for a suffix."""
    try:
        import rsciio
    except ImportError:
        raise InputError(f"{path}: reading {suffix} needs RosettaSciIO; pip install 'dlss_tf[files]'") from None
    plugins = [p for p in rsciio.IO_PLUGINS if suffix[1:] in [extension.lower() for extension in p["file_extensions"]]]
    return sorted(plugins, key=lambda p: p["name"] == "MRCZ")  # which needs a package of its own for plain MRC files


def _signal_axes(dataset: Dataset) -> list[dict[str, Any]]:
    return [axis for axis in dataset["axes"] if not axis.get("navigate")]


def _kind(dataset: Dataset) -> str:
    """'an image', or what a dataset is instead."""
    data, signal = dataset["data"], _signal_axes(dataset)
    shape = "x".join(map(str, data.shape))
    kind = dataset["metadata"].get("Signal", {}).get("signal_type", "")
    if data.dtype.fields:
        return "a colour image"
    if np.issubdtype(data.dtype, np.complexfloating):
        return f"a complex image {shape}"
    if len(signal) != 2 or kind:
        name = "a spectrum" if data.ndim == 1 else "a spectrum image" if len(signal) == 1 else "data"
        return f"{name} {shape}" + (f" ({kind})" if kind else "")
    if any(units.RECIPROCAL.search(str(axis.get("units"))) for axis in signal):
        return f"diffraction patterns {shape}"
    if sum(n > 1 for n in data.shape[:-2]) > 1:
        return f"4-D data {shape}"
    return "an image"
