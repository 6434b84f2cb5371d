import numpy as np
import pytest

from dlss_tf.simulation import fields, microscope


def relative_noise(image):
    """Standard deviation of the noise relative to the mean, from differences of neighbours of a flat image."""
    return float(np.diff(image.astype(float), axis=1).std() / np.sqrt(2) / image.mean())


def test_dose_sets_the_noise(monkeypatch):
    """Without readout noise and the other faults of a detector, what is left is Poisson noise: 1 / sqrt(dose)."""
    monkeypatch.setattr(fields, "chance", lambda rng, probability: False)
    for dose in (10, 1000):
        rng = QuietRandom(0)
        assert relative_noise(microscope.detect(rng, np.ones((256, 256), np.float32), dose)) == pytest.approx(
            dose**-0.5, rel=0.03
        )


class QuietRandom:
    """A random generator that always takes the first choice (no fault) and the lowest value of a range."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def choice(self, options):
        return options[0]

    def uniform(self, low, high):
        return max(low, 0)

    def __getattr__(self, name):
        return getattr(self.rng, name)


def test_doses_span_orders_of_magnitude():
    doses = [microscope.dose(np.random.default_rng(seed)) for seed in range(200)]
    assert max(doses) / min(doses) > 100


def test_bright_field_is_there_and_inverts():
    bright = 0
    for seed in range(60):
        image = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
        detected = microscope.contrast(np.random.default_rng(seed), image)
        assert detected.min() >= 0
        bright += bool(np.all(np.diff(detected.ravel()) <= 0))
    assert 3 <= bright <= 30


def test_faint_structure_gets_a_dose_that_shows_it():
    rng = np.random.default_rng(0)
    strong = np.tile(np.float32([0, 1]), (64, 32))
    for contrast in (1, 0.1):
        image = 1 + contrast * (strong - 0.5)
        # variance of the structure over variance of Poisson noise, both in electrons
        ratios = [image.var() * microscope.least_dose(rng, image) / image.mean() for _ in range(20)]
        assert 0.1 <= min(ratios) < max(ratios) <= 1.001
