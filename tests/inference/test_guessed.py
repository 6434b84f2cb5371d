import numpy as np
import pytest

from dlss_tf.inference.guessed import MARKED, guessed, share_guessed, share_marked


def waves(period, shape=(120, 150)):
    """Waves of that many px along the first axis."""
    y, _ = np.mgrid[: shape[0], : shape[1]]
    return np.sin(2 * np.pi * y / period).astype(np.float32)


@pytest.mark.parametrize("turned", [False, True])
def test_waves_of_less_than_two_samples_are_guessed(turned):
    for period, expected in ((7, 1), (9, 1), (12, 0), (40, 0)):
        image = waves(period)
        share = guessed((image.T if turned else image)[None], 5)[0]
        assert share.shape == (image.T if turned else image).shape and share.dtype == np.float32
        np.testing.assert_allclose(np.median(share), expected, atol=0.05)
        assert share.min() >= 0 and share.max() <= 1


def test_share_is_of_local_power():
    image = 3 * waves(20) + waves(6)
    np.testing.assert_allclose(np.median(guessed(image[None], 4)), 1 / 10, atol=0.03)
    image[:, 75:] = 3 * waves(20)[:, 75:]
    share = guessed(100 * image[None] + 1e4, 4)[0]
    assert share[:, :50].min() > MARKED > share[:, 100:].max()
    assert share_marked(share) == pytest.approx(0.5, abs=0.1)


def test_nothing_is_guessed_where_nothing_is(rng):
    assert not guessed(np.full((2, 9, 8), 3.0), 4).any()
    faded = waves(20) / (1 + np.exp((np.arange(150) - 60) / 4)) + rng.normal(0, 1e-3, (120, 150))
    assert guessed(faded[None], 4)[0][:, 120:].max() < MARKED


def test_the_share_of_a_stack_is_that_of_its_maps(rng):
    images = rng.random((3, 21, 18), np.float32)
    images[1] = np.linspace(0, 1, 18, dtype=np.float32)
    share = share_guessed(images, 5)
    assert 0.3 < share < 1 and share == pytest.approx(share_marked(guessed(images, 5)))
