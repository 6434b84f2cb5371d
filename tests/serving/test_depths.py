from typing import get_args

import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.inference.options import DEBLUR_METHODS, IMAGES
from dlss_tf.serving import uploads
from dlss_tf.serving.depths import DEPTHS, received, sent


@pytest.mark.parametrize(("depth", "step"), [("uint8", 1 / 255), ("uint12", 1 / 4095), ("uint16", 1 / 65535)])
def test_whole_numbers_are_half_a_step_off_at_most(rng, depth, step):
    image = rng.normal(1000, 30, (3, 20, 24)).astype(np.float32)
    numbers, low, high = sent(image, depth)
    assert (low, high) == (image.min(), image.max()) and numbers.min() == 0 and numbers.max() == DEPTHS[depth][1]
    back = received(numbers.tobytes(), depth, image.shape, low, high)
    assert back.dtype == np.float32 and np.abs(back - image).max() <= (high - low) * step * 0.501


def test_floats(rng):
    image = rng.normal(1e6, 30, (20, 24)).astype(np.float32)  # beyond float16 as it is
    assert sent(image, "float32") == (pytest.approx(image), None, None)
    numbers, low, high = sent(image, "float16")
    back = received(numbers.tobytes(), "float16", image.shape, low, high)
    assert np.abs(back - image).max() <= (high - low) * 2**-11


def test_constant_and_not_finite_images():
    assert sent(np.full((2, 2), 7.0), "uint8") == (pytest.approx(np.zeros((2, 2))), 7.0, 7.0)
    numbers, low, high = sent(np.array([[np.nan, 1.0], [2.0, np.inf]]), "uint8")
    assert (low, high) == (1.0, 2.0) and numbers.tolist() == [[0, 0], [255, 255]]
    assert sent(np.full((2, 2), np.nan), "uint8")[1:] == (0.0, 0.0)


def test_without_a_range_numbers_are_values():
    found = received(bytes([1, 2, 3, 4]), "uint8", (2, 2), None, None)
    assert found.dtype == np.uint8 and found.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("data", "low", "high", "sentence"),
    [
        (bytes(3), None, None, r"body: expected 4 bytes for \[2, 2\] of uint8, found 3"),
        (bytes(4), 1.0, None, "low, high: expected both ends of the range, found 1.0 and None"),
        (bytes(4), 1.0, float("nan"), "low, high: expected both ends"),
    ],
)
def test_refuses(data, low, high, sentence):
    with pytest.raises(InputError, match=sentence):
        received(data, "uint8", (2, 2), low, high)


def test_what_may_be_asked_for_is_what_there_is():
    assert get_args(uploads.Depth) == tuple(DEPTHS) and get_args(uploads.Format) == uploads.FORMATS
    assert get_args(uploads.Deblur) == DEBLUR_METHODS and get_args(uploads.Image) == IMAGES
