import numpy as np
import pytest

from experiments._spoiled import SPOILS

FACTOR = 4


@pytest.fixture
def image():
    """A ramp along columns, whose place is its value."""
    return np.tile(np.linspace(0, 1, 96, dtype=np.float32), (80, 1))


@pytest.mark.parametrize("name", SPOILS)
def test_images_stay_images_and_are_spoiled_alike_each_time(image, name):
    before = image.copy()
    spoiled = SPOILS[name](image, FACTOR)
    assert spoiled.shape == image.shape and spoiled.dtype == np.float32
    np.testing.assert_array_equal(image, before)
    assert not np.array_equal(spoiled, image)
    np.testing.assert_array_equal(spoiled, SPOILS[name](image, FACTOR))


def test_drift_moves_rows_by_samples(image):
    moved = (SPOILS["drift"](image, FACTOR) - image)[:, 48] * 95 / FACTOR  # samples
    slope, _ = np.polyfit(np.arange(80), moved, 1)
    assert 80 * slope == pytest.approx(2, abs=0.5)
    assert np.std(moved - np.polyval(np.polyfit(np.arange(80), moved, 1), np.arange(80))) == pytest.approx(0.4, abs=0.1)


def test_dose_counts_electrons(image):
    counts = 4 * SPOILS["dose"](image, FACTOR)
    np.testing.assert_array_equal(counts, np.rint(counts))
    assert counts.mean() == pytest.approx(4 * image.mean(), rel=0.05)


def test_the_others(image):
    assert SPOILS["saturation"](image, FACTOR).max() == np.float32(0.35)
    wave = SPOILS["hum"](image, FACTOR) - image
    assert np.ptp(wave, axis=1).max() < 1e-6 and np.ptp(wave) == pytest.approx(0.2, abs=0.01)
    lost = image[:, 1:] - SPOILS["charging"](image, FACTOR)[:, 1:]
    assert np.mean(lost.any(1)) == pytest.approx(1 / 8, abs=0.1) and (lost[:, -1].max(), lost.min()) == (0.5, 0)
