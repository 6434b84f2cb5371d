import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.formats import axes


@pytest.mark.parametrize(
    ("order", "shape", "found"),
    [
        ("YX", (20, 24), (20, 24)),
        ("XY", (24, 20), (20, 24)),
        ("YXC", (20, 24, 5), (5, 20, 24)),
        ("YXZ", (20, 24, 30), (30, 20, 24)),
        ("TYXC", (3, 20, 24, 2), (3, 2, 20, 24)),
        ("ZYX", (40, 20, 5), (40, 20, 5)),  # so narrow, but the file says so
        ("QYX", (3, 20, 24), (3, 20, 24)),
        ("QYX", (20, 24, 1), (20, 24)),
        ("YXS", (20, 24, 3), (20, 24)),
        ("SYX", (3, 20, 24), (20, 24)),
        ("YXS", (20, 24, 5), (5, 20, 24)),
    ],
)
def test_rows_and_columns_come_last(order, shape, found):
    data = np.zeros(shape)
    assert axes.in_order("a.tif", data, order).shape == found


def test_values_go_where_their_axes_go(rng):
    data = rng.random((20, 24, 5))
    np.testing.assert_array_equal(axes.in_order("a.tif", data, "YXC")[3], data[..., 3])


@pytest.mark.parametrize(
    ("shape", "found"),
    [((9, 9), (9, 9)), ((1, 40, 48, 1), (1, 40, 48)), ((40, 48, 1), (40, 48)), ((5, 40, 48), (5, 40, 48)),
     ((2, 8, 8), (2, 8, 8)), ((30, 9, 9), (30, 9, 9)), ((40, 48, 3), (40, 48))],
)  # fmt: skip
def test_axes_without_names(shape, found):
    assert axes.unnamed("a.npy", np.zeros(shape)).shape == found


def test_channels_that_come_last_are_refused(rng):
    with pytest.raises(
        InputError, match=r"a\.npy: expected an image .*, found shape \[40, 48, 5\]; move the last axis"
    ):
        axes.unnamed("a.npy", np.zeros((40, 48, 5)))
    with pytest.raises(InputError, match=r"a\.npy: expected a grey image, found a colour one"):
        axes.unnamed("a.npy", rng.random((40, 48, 3)))
