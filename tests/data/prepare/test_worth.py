import numpy as np
import pytest
from data.prepare.pictures import specimen

from dlss_tf.data.prepare import worth

GOOD = specimen(0, (128, 128), "float32")


def with_(image, where, value):
    changed = image.copy()
    changed[where] = value
    return changed


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float16", "float64"])
def test_an_image_is_worth_training_on(dtype):
    assert worth.left_out((GOOD / 8).astype(dtype)) is None


@pytest.mark.parametrize(
    ("crop", "reason"),
    [
        (with_(GOOD, (3, 4), np.nan), worth.NOT_FINITE),
        (with_(GOOD, (3, 4), np.inf), worth.NOT_FINITE),
        (np.full((128, 128), 7, np.uint8), worth.EMPTY),
        (np.zeros((128, 128), bool), worth.EMPTY),
        (np.rint(GOOD / GOOD.max() * 14).astype(np.uint8), worth.EMPTY),  # 15 values
        (np.random.default_rng(0).normal(100, 10, (128, 128)).astype(np.float32), worth.EMPTY),
        (np.random.default_rng(0).poisson(50, (128, 128)).astype(np.uint16), worth.EMPTY),
        (with_(GOOD, np.s_[:33], 0), worth.EMPTY),  # rows never scanned
        (np.minimum(GOOD, np.quantile(GOOD, 0.9)), worth.SATURATED),
    ],
)
def test_what_is_left_out(crop, reason):
    assert worth.left_out(crop) == reason


@pytest.mark.parametrize(
    "crop",
    [
        np.minimum(GOOD, np.quantile(GOOD, 0.96)),
        with_(GOOD, np.s_[:31], 0),
        GOOD + np.random.default_rng(0).normal(0, 2 * GOOD.std(), GOOD.shape),  # a fifth of the variance is signal
    ],
)
def test_what_is_near_to_that_and_stays(crop):
    assert worth.left_out(crop) is None


def test_the_lower_correlation_counts():
    lines = np.repeat(np.random.default_rng(0).normal(size=(64, 1)), 64, axis=1)  # noise from line to line
    assert abs(worth.correlation(lines)) < 0.3 < worth.correlation(GOOD)


def test_integers_near_their_limits_do_not_overflow():
    assert worth.correlation(GOOD.astype(np.uint64) << np.uint64(50)) == pytest.approx(
        worth.correlation(GOOD.astype(np.uint64)), abs=1e-6
    )
