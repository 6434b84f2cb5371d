"""Files as Velox writes them."""

import json

import numpy as np
import pytest


def write_velox(path, images, unit="m", size="5e-10", spectra=False):
    """An .emd of images [h, w] or stacks [n, h, w], by detector; with an empty EDS stream beside them if `spectra`."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file["Version"] = np.array([b'{"format": "Velox", "version": "1.4"}'])
        if spectra:
            file["Version"][...] = b'{"format": "Velox", "version": "11"}'
            file.create_group("Data/SpectrumImage/0")
            file.create_group("Displays/ImageDisplay")
        for number, (detector, image) in enumerate(images.items()):
            group = file.create_group(f"Data/Image/{number:032x}")
            image = np.atleast_3d(np.moveaxis(image, 0, -1) if image.ndim == 3 else image)
            group.create_dataset("Data", data=image, chunks=(*image.shape[:2], 1))
            group["Metadata"] = _metadata(detector, unit, size)


def _metadata(detector, unit, size):
    text = {
        "Core": {"MetadataDefinitionVersion": "7.9"},
        "BinaryResult": {
            "PixelSize": {"width": size, "height": size},
            "PixelUnitX": unit,
            "PixelUnitY": unit,
            "Offset": {"x": "0", "y": "0"},
            "DetectorIndex": "0",
        },
        "Scan": {"DwellTime": "1e-6", "FrameTime": "1"},
        "Acquisition": {"AcquisitionStartDatetime": {"DateTime": "0"}},
        "Detectors": {"Detector-0": {"DetectorName": detector}},
        "CustomProperties": {},
    }
    raw = np.frombuffer(json.dumps(text).encode(), np.uint8)
    padded = np.zeros((20_000, 1), np.uint8)
    padded[: len(raw), 0] = raw
    return padded
