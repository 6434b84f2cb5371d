import numpy as np

from experiments.fig01 import regions


def test_regions_alternate_where_the_nearest_probing_location_changes():
    found = regions(15, 5)  # locations 0, 5 and 10 of 15 px
    assert found[0].tolist() == [0] * 3 + [1] * 5 + [0] * 7
    assert (found == (found[:1] + found[:, :1]) % 2).all()
    assert np.array_equal(found, found.T)
