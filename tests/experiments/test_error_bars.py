import numpy as np
import pytest

from experiments.error_bars import compare, foreseeable, summarize


class Told:
    """A generator that is off by normally distributed errors, of twice the deviation on the right, and says so."""

    def __init__(self, errors):
        self.errors = errors

    def image_with_deviation(self, stack, size, factor):
        told = np.full((1, *size), 0.1)
        told[..., size[1] // 2 :] = 0.2
        return 0.5 + self.errors * told, told


def test_error_bars_that_hold(rng):
    found = compare(Told(rng.normal(0, 1, (1, 128, 128))), np.full((128, 128), 0.5, np.float32), 4)
    assert found["68%"] == pytest.approx(0.68, abs=0.02)
    assert found["95%"] == pytest.approx(0.95, abs=0.01)
    assert found["told"] == pytest.approx(0.025)
    assert found["error"] == pytest.approx(0.025, rel=0.05)
    assert found["correlation"] > 0.8


def test_chance_is_not_foreseeable_and_what_is_not_is(rng):
    noise = rng.normal(0, 1, (256, 256))
    assert foreseeable(noise) < 0.3
    assert foreseeable(noise * np.where(np.arange(256) < 128, 1, 3)) > 0.9


def test_summary():
    images = {
        str(i): {"68%": each / 10, "95%": 1.0, "told": each, "error": each**2, "correlation": each / 5}
        | {"foreseeable": each / 8}
        for i, each in enumerate((1.0, 2.0, 4.0))
    }
    assert summarize(images) == pytest.approx(
        {
            "68%": 0.7 / 3,
            "95%": 1.0,
            "correlation_in_images": 0.4,
            "foreseeable": 0.25,
            "correlation_between_images": 1.0,
            "told": (7 / 3) ** 0.5,
            "error": 7**0.5,
        }
    )
