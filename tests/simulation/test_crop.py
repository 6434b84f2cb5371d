import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.simulation import crop


def test_crop_depends_on_the_generator_only():
    crops = [crop.simulate_crop(np.random.default_rng(seed), 64) for seed in (3, 3, 4)]
    assert crops[0].dtype == np.float32
    assert crops[0].shape == (64, 64)
    assert np.array_equal(crops[0], crops[1])
    assert not np.array_equal(crops[0], crops[2])
    with pytest.raises(InputError, match="found 32"):
        crop.simulate_crop(np.random.default_rng(0), 32)


@pytest.mark.parametrize("kind", crop.SPECIMENS)
def test_every_kind_of_specimen_is_finite_and_structured(kind):
    for seed in range(8):
        rng = np.random.default_rng([seed, 1])
        image, feature = crop._specimen(rng, 128, kind)
        assert image.shape == (128, 128)
        assert np.isfinite(image).all()
        assert image.min() >= 0
        assert image.std() > 1e-3
        assert feature > 0
        made = crop._crop(rng, 64, kind, dose=100)
        assert np.isfinite(made).all()
        assert made.std() > 0
