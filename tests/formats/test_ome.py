import numpy as np
import pytest
import tifffile
from formats import tiffs

from dlss_tf import micrograph
from dlss_tf.formats import ome

SMALL, LARGE = ("overview", (20, 20), 100.0, "nm"), ("HAADF", (40, 48), 2.0, "nm")


@pytest.mark.parametrize("images", [[SMALL, LARGE], [LARGE, SMALL], [LARGE, ("other", (40, 40), 7.0, "nm"), SMALL]])
def test_size_title_and_data_are_of_one_image(tmp_path, images):
    found = micrograph.read(str(tiffs.ome(tmp_path / "two.ome.tif", *images)))
    assert (found.data.shape, found.pixel_size, found.title) == ((40, 48), (2.0, 2.0), "HAADF")


def test_an_image_without_a_size_does_not_take_anothers(tmp_path):
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        size = {f"PhysicalSize{axis}": 100.0 for axis in "XY"}
        file.write(np.zeros((20, 20), np.uint8), metadata={"axes": "YX", "Name": "001", **size})
        file.write(np.zeros((40, 40), np.uint8), metadata={"axes": "YX", "Name": "002"})
    found = micrograph.read(str(path))
    assert found.pixel_size is None and found.title == "002"  # as text, not as a number


def test_a_size_without_a_unit_is_in_micrometres(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, tiffs.IMAGE, ome=True, metadata={"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25})
    found = micrograph.read(str(path))
    assert found.pixel_size == (0.25, 0.5) and found.units == "µm"


def test_metadata_of_other_images_or_of_none(tmp_path):
    path = tiffs.ome(tmp_path / "one.ome.tif", SMALL)
    path.write_bytes(path.read_bytes().replace(b'SizeX="20"', b'SizeX="21"'))
    with tifffile.TiffFile(path) as file:
        assert ome.image_of(file, file.series[0]) is None
    with tifffile.TiffFile(tiffs.write(tmp_path / "plain.tif")) as file:
        assert ome.image_of(file, file.series[0]) is None
