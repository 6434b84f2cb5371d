"""Calibrations that RosettaSciIO reads in instruments' own tags."""

import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph

pytest.importorskip("rsciio")


def tagged(path, tags):
    image = np.arange(320, dtype=np.uint8).reshape(16, 20)
    tifffile.imwrite(path, image, metadata=None, extratags=tags)
    return micrograph.read(str(path))


def test_digital_micrographs_tags(tmp_path):
    named = [(tag, "s", 0, b"nm", True) for tag in (65003, 65004)]
    found = tagged(tmp_path / "dm.tif", [*named, (65009, "d", 1, 0.25, True), (65010, "d", 1, 0.5, True)])
    assert found.pixel_size == pytest.approx((0.5, 0.25)) and found.units == "nm"


def test_other_units_than_of_length_are_none(tmp_path):
    named = [(tag, "s", 0, b"eV", True) for tag in (65003, 65004)]
    found = tagged(tmp_path / "dm.tif", [*named, (65009, "d", 1, 0.25, True), (65010, "d", 1, 0.25, True)])
    assert found.pixel_size is None and found.units == "px"


def test_without_rosettasciio_the_image_is_read_all_the_same(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "rsciio.tiff", None)
    assert tagged(tmp_path / "plain.tif", []).data.shape == (16, 20)
