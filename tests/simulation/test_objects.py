import numpy as np
import pytest

from dlss_tf.simulation import fields, objects


@pytest.mark.parametrize("seed", range(8))
def test_a_particle_lies_within_its_outline(seed):
    image, centre, radius = np.zeros((96, 96), np.float32), np.array([40.0, 55.0]), 20.0
    objects._particle(np.random.default_rng(seed), image, centre, radius, 3.0)
    y, x = np.mgrid[:96, :96] - centre[:, None, None]
    assert 0 < image.max() <= 3 * 1.5**2  # two sets of fringes add half each
    assert (image[np.hypot(y, x) > 1.5 * radius + 2] == 0).all()
    assert (image[np.hypot(y, x) < 0.4 * radius] > 0).mean() > 0.5


def test_a_particle_outside_changes_nothing():
    image = np.ones((32, 32), np.float32)
    objects._particle(np.random.default_rng(0), image, np.array([-40.0, 5.0]), 10.0, 3.0)
    assert (image == 1).all()


@pytest.mark.parametrize("count", [1, 5, 60])
def test_positions_are_as_many_as_asked_for(count):
    for seed in range(10):
        assert objects._positions(np.random.default_rng(seed), 64, count).shape == (count, 2)


@pytest.mark.parametrize("seed", range(5))
def test_single_atoms_are_bright_on_their_film(seed):
    """Without what changes slowly, far more of the image lies above than below."""
    image, feature = objects.single_atoms(np.random.default_rng(seed), 128)
    fine = image - fields.blur(image, 3 * feature + 2)
    assert fine.max() > -2 * fine.min()
