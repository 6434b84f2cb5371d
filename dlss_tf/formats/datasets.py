"""What RosettaSciIO's readers give for an array: where its rows and columns are, and whether it is an image."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from . import units
from .contents import COLOUR, DIFFRACTION, IMAGE

Dataset = dict[str, Any]  # data, axes, metadata, original_metadata
Axis = dict[str, Any]

_SPECTRAL_UNITS = {"eV", "keV", "meV", "MeV", "Da", "m/z", "s", "ms", "µs", "us", "ns", "ps"}
_SPECTRAL_NAMES = re.compile(r"energy|wavelength|\bangle|\btime\b|^mass|m/z|raman", re.IGNORECASE)
_SPECTRAL_TYPES = re.compile(r"^(EELS|EDS|CL|PL|Luminescence|XPS|Raman)", re.IGNORECASE)
_DIFFRACTION_TYPES = re.compile(r"diffraction|ebsd|kikuchi|master_pattern", re.IGNORECASE)
_METRES_WITHOUT_LIMIT = 1.0  # m; what TIA calls so large a pixel of an image is one of a diffraction pattern, in 1/m


def plane(dataset: Dataset) -> tuple[int, int] | None:
    """Which axes of the array are an image's rows and columns; None if it is none."""
    axes = in_array(dataset)
    if len(axes) != dataset["data"].ndim:
        return None
    signal = [i for i, axis in enumerate(axes) if not axis.get("navigate")]
    if not signal:  # a scan that is all navigation: one value a probing location
        signal = list(range(len(axes)))[-2:]
    elif len(signal) == 3 and len(axes) == 3:
        signal = _in_stack(axes)
    elif (
        len(signal) == 1 and len(axes) == 2 and units.name_of(axes[0].get("units")) in units.METRES and _is_even(*axes)
    ):
        signal = [0, 1]  # a map that its reader takes for spectra
    if len(signal) != 2 or any(_is_spectral(axes[i]) for i in signal):
        return None
    return signal[0], signal[1]


def in_array(dataset: Dataset) -> list[Axis]:
    """Its axes as the array has them."""
    places = [axis.get("index_in_array") for axis in dataset["axes"]]
    if sorted(place for place in places if place is not None) != list(range(len(places))):
        return dataset["axes"]
    return [axis for _, axis in sorted(zip(places, dataset["axes"]), key=lambda pair: pair[0])]


def kind(dataset: Dataset) -> str:
    """IMAGE, or what a dataset is instead."""
    data, image = dataset["data"], plane(dataset)
    shape = "x".join(map(str, data.shape))
    signal_type = str(dataset["metadata"].get("Signal", {}).get("signal_type", "") or "")
    if data.dtype.fields:
        return COLOUR if {"R", "G", "B"} <= set(data.dtype.fields) else f"data {shape} of fields"
    if np.issubdtype(data.dtype, np.complexfloating):
        return f"a complex image {shape}"
    if data.dtype.kind not in "biuf":
        return f"data {shape} of type {data.dtype}"
    axes = in_array(dataset)
    seen = [axis for axis in axes if not axis.get("navigate")] if image is None else [axes[i] for i in image]
    if _DIFFRACTION_TYPES.search(signal_type) or (
        len(seen) == 2 and any(units.is_reciprocal(axis.get("units")) for axis in seen)
    ):
        return f"{DIFFRACTION} {shape}"
    if image is None or _is_spectrum_image(dataset, image, signal_type):
        name = "a spectrum" if data.ndim == 1 else "a spectrum image" if len(seen) < 3 else "data"
        return f"{name} {shape}" + (f" ({signal_type})" if signal_type else "")
    if sum(n > 1 for i, n in enumerate(data.shape) if i not in image) > 1:
        return f"4-D data {shape}"
    return IMAGE


def title(dataset: Dataset) -> str:
    """Its title; "" if it has none."""
    return str(dataset["metadata"].get("General", {}).get("title") or "")


def name(dataset: Dataset) -> str:
    """Its title, else the file that it is in: of an .emi's images each has one; "" if that is not known either."""
    file = dataset["metadata"].get("General", {}).get("original_filename")
    return title(dataset) or os.path.splitext(str(file or ""))[0]


def detector(dataset: Dataset) -> str:
    """The detector's name, where Velox and DigitalMicrograph keep it; "" if it is not known."""
    for keys in (
        ("DetectorMetadata", "DetectorName"),
        ("ImageList", "TagGroup0", "ImageTags", "DataBar", "Signal Name"),
    ):
        found: Any = dataset.get("original_metadata")
        for key in keys:
            found = found.get(key) if hasattr(found, "get") else None
        if isinstance(found, str) and found:
            return found
    return ""


def step(axis: Axis) -> float:
    """From one pixel to the next, in the axis' units; NaN if it is not known or not even."""
    if axis.get("scale") is not None:
        return abs(float(axis["scale"]))
    places = np.asarray(axis.get("axis", ()), np.float64)
    steps = np.abs(np.diff(places))
    even = len(steps) > 0 and np.allclose(steps, steps[0], rtol=1e-3)
    return float(steps.mean()) if even else float("nan")


def with_reciprocal_metres(dataset: Dataset) -> Dataset:
    """A dataset of TIA's, whose diffraction patterns hold 1/m where images hold m."""
    for axis in dataset["axes"]:
        metres = units.METRES.get(units.name_of(axis.get("units")), 0.0)
        if not axis.get("navigate") and step(axis) * metres > _METRES_WITHOUT_LIMIT:
            axis.update(units="1/m", scale=axis["scale"] * metres)
    return dataset


def _is_spectral(axis: Axis) -> bool:
    name = str(axis.get("name") or "")
    # DigitalMicrograph's reader calls any axis of a CL map that is in nm its wavelength.
    wavelength = name == "Wavelength" and units.name_of(axis.get("units")) in units.METRES
    return str(axis.get("units")) in _SPECTRAL_UNITS or bool(_SPECTRAL_NAMES.search(name)) and not wavelength


def _in_stack(axes: list[Axis]) -> list[int]:
    """Rows and columns of three axes that are all the signal's: those called x and y, or the last two if lengths."""
    image = [i for i, axis in enumerate(axes) if str(axis.get("name")).lower() in ("x", "y")] or [1, 2]
    named = {units.name_of(axes[i].get("units")) for i in image}
    spectral = any(_is_spectral(axis) for axis in axes)
    return image if len(named) == 1 and named <= set(units.METRES) and not spectral else []


def _is_spectrum_image(dataset: Dataset, image: tuple[int, int], signal_type: str) -> bool:
    """Whether one of its axes, be it taken for frames or for rows, is of a spectrum."""
    axes = in_array(dataset)
    frames = [axis for i, axis in enumerate(axes) if i not in image and dataset["data"].shape[i] > 1]
    if any(str(axis.get("units")) in _SPECTRAL_UNITS - {"s", "ms", "µs", "us", "ns", "ps"} for axis in frames):
        return True
    rows, columns = (axes[i] for i in image)
    if not _SPECTRAL_TYPES.search(signal_type) and "Wavelength" not in (rows.get("name"), columns.get("name")):
        return False
    return bool(frames) or not _is_even(rows, columns)


def _is_even(rows: Axis, columns: Axis) -> bool:
    """Whether pixels are square, as those of maps are, and not of wavelengths over places."""
    return units.name_of(rows.get("units")) == units.name_of(columns.get("units")) and bool(
        np.isclose(step(rows), step(columns), rtol=0.01, equal_nan=True)
    )
