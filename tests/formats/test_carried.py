import pickle

import numpy as np
import pytest

da = pytest.importorskip("dask.array")

from dlss_tf.formats import carried  # noqa: E402


def ones(factor):
    return carried.give(da.map_blocks(np.multiply, da.ones((4, 8, 8), chunks=4), factor), {"factor": factor})


def test_what_is_made_of_an_array_tells_where_it_came_from():
    array = ones(4)
    for made in (array, array[0], da.stack([array, 2 * array], 1), array.rechunk(2), pickle.loads(pickle.dumps(array))):
        assert carried.found(made) == {"factor": 4}
    assert array.sum().compute() == 4 * 256 and "dlss_tf" in array.dask._repr_html_()


def test_of_several_origins_or_none_nothing_is_told():
    assert carried.found(da.ones(4)) == {} == carried.found(ones(4) + ones(5))
