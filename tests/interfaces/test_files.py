import os

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.interfaces import files


@pytest.mark.parametrize(
    ("source", "out", "expected"),
    [
        ("a/scan.ome.tif", None, "a/scan-x5.tif"),
        ("scan.dm4", None, "scan-x5.tif"),
        ("a/scan.dm4", "b", "b/scan-x5.tif"),
        ("a/scan.dm4", "b.v2", "b.v2/scan-x5.tif"),
        ("a/scan.dm4", "b/image.hspy", "b/image.hspy"),
    ],
)
def test_where_a_result_goes(source, out, expected):
    assert files.output_path(source, out, 5, ".tif") == expected


def test_a_folder_may_be_called_like_a_file(tmp_path):
    (tmp_path / "results.tif").mkdir()
    out = str(tmp_path / "results.tif")
    assert files.output_path("a.npy", out, 4, ".npy", "every") == os.path.join(out, "a-every4.npy")
    files.check_out(["a.npy", "b.npy"], out)


def test_uncertainty_lies_beside_the_image():
    assert files.uncertainty_path("a/image.ome.tif") == "a/image-uncertainty.ome.tif"


def test_what_would_be_lost_is_not_written_over(tmp_path):
    scan, other = tmp_path / "scan.tif", tmp_path / "other.tif"
    scan.touch()
    os.link(scan, tmp_path / "link.tif")
    other.touch()
    for target in (scan, tmp_path / "link.tif"):
        with pytest.raises(InputError, match="expected another file than the scan itself"):
            files.check_output(str(scan), str(target), overwrite=True)
    with pytest.raises(InputError, match="expected no file, found one"):
        files.check_output(str(scan), str(other), overwrite=False)
    files.check_output(str(scan), str(other), overwrite=True)
    with pytest.raises(InputError, match="expected a folder that can be written, found .*scan.tif which cannot"):
        files.check_output(str(scan), str(scan / "new" / "image.tif"), overwrite=False)
    files.check_output(str(scan), str(tmp_path / "new" / "image.tif"), overwrite=False)


def test_a_downsampled_image_has_larger_pixels_and_a_history(image, tmp_path):
    source, target = str(tmp_path / "image.tif"), str(tmp_path / "new" / "scan.tif")
    micrograph.write(source, image)
    returned = files.downsample_file(source, target, 4)
    written = micrograph.read(target)
    np.testing.assert_array_equal(written.data, image.data[::4, ::4])
    assert written.pixel_size == pytest.approx((1, 1)) and written.title == image.title
    assert written.history == returned.history == (*image.history, returned.history[-1])
    assert returned.history[-1].startswith("every 4th sample of a row and of a column kept by dlss_tf")


def test_every_file_is_written_or_none(image, tmp_path):
    with pytest.raises(InputError, match="expected a suffix"):
        files._write_all({str(tmp_path / "a.npy"): image, str(tmp_path / "b.dm4"): image})
    assert os.listdir(tmp_path) == []
