import numpy as np
import pytest

from dlss_tf.data.prepare import cuts
from dlss_tf.errors import InputError


def test_a_grid_in_the_middle_without_overlap():
    image = np.arange(70 * 141).reshape(70, 141)
    found = list(cuts.cuts(image, 64))
    assert [cut for cut, _ in found] == [(0, 3, 6), (0, 3, 70)]
    assert all((crop == image[cut.row :, cut.column :][:64, :64]).all() for cut, crop in found)


def test_a_frame_has_its_number():
    assert [cut for cut, _ in cuts.cuts(np.zeros((64, 128)), 64, 3)] == [(3, 0, 0), (3, 0, 64)]


def test_none_of_an_image_that_is_too_small():
    assert list(cuts.cuts(np.zeros((63, 200)), 64)) == []


@pytest.mark.parametrize("size", [0, 32, 100, -512, 16384])
def test_sizes_that_networks_do_not_take_are_refused(size):
    with pytest.raises(InputError, match=f"multiple of 32 px from 64 to 8192, found {size}"):
        cuts.check_size(size)


def test_digests_are_of_values_not_of_types():
    image = np.arange(64.0).reshape(8, 8)
    same = [image.astype(dtype) for dtype in ("u1", ">u2", "i4", "f4")] + [np.asfortranarray(image)]
    assert {cuts.digest(each) for each in same} == {cuts.digest(image)}
    assert cuts.digest(image.T) != cuts.digest(image) != cuts.digest(image + 1)


def test_names_tell_where_a_crop_is_from():
    cut = cuts.Cut(3, 0, 512)
    assert cuts.name_of("gold on C/1", None, 1, cut, "0123456789abcdef") == "gold_on_C_1-0-512-0123456789ab.tif"
    assert cuts.name_of(".hidden", 2, 4, cut, "0123456789abcdef") == "hidden-i2-f3-0-512-0123456789ab.tif"
