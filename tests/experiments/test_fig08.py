import numpy as np
import pytest

from experiments.fig08 import by_distance


def test_root_means_by_distance():
    image = np.ones((6, 6))
    image[1:-1, 1:-1] = 2
    image[2:-2, 2:-2] = 3
    at, within = by_distance(image)
    np.testing.assert_allclose(at, [1, 2, 3])
    assert within[0] == pytest.approx(np.sqrt((20 * 1 + 12 * 4 + 4 * 9) / 36))
    assert within[2] == 3
