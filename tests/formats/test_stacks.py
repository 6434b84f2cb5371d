import numpy as np
import pytest

from dlss_tf.formats import stacks
from dlss_tf.formats.stacks import Stack


def read_of(shape, dtype="u1", together=2**62):
    """Ranges of frames that are read of a stack."""
    found = []

    def read(first, last):
        found.append((first, last))
        return np.zeros((last - first, *shape[-2:]), dtype)

    stack = Stack(shape, np.dtype(dtype), read, together)
    assert sum(map(len, stack.parts())) == stack.frames
    return found


@pytest.mark.parametrize(
    ("shape", "together", "expected"),
    [
        ((5, 10, 10), 2**62, [(0, 5)]),
        ((5, 10, 10), 2, [(0, 2), (2, 4), (4, 5)]),
        ((5, 30, 20), 4, [(0, 3), (3, 5)]),
        ((2, 40, 50), 2, [(0, 1), (1, 2)]),
        ((2, 3, 10, 20), 2**62, [(0, 6)]),
    ],
)
def test_as_many_frames_at_once_as_a_part_has_bytes_but_never_none(monkeypatch, shape, together, expected):
    monkeypatch.setattr(stacks, "PART", 1800)
    assert read_of(shape, together=together) == expected


def test_one_frame_alone(rng):
    data = rng.random((2, 3, 4, 5))
    (part,) = stacks.of_array(data).parts(4)
    np.testing.assert_array_equal(part, data[1, 1][None])


def test_an_image_is_one_frame(rng):
    image = rng.random((4, 5))
    stack = stacks.of_array(image)
    (part,) = stack.parts()
    assert stack.frames == 1 and part.shape == (1, 4, 5) and np.shares_memory(part, image)
