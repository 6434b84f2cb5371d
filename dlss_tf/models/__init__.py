"""The paper's networks as functions that return functional Keras models, and the rules that they share."""

from ..errors import InputError

SIDE_MULTIPLE = 32  # the inner generator halves the input five times


def channels(count: int, width: float) -> int:
    """Channels of a layer that has `count` at width 1: scaled by `width`, but at least 8."""
    return max(8, round(count * width))


def check_size(size: int) -> None:
    """InputError unless `size`, the side of an image in px, is a multiple of 32."""
    if size < SIDE_MULTIPLE or size % SIDE_MULTIPLE:
        raise InputError(f"size: expected a multiple of {SIDE_MULTIPLE} px, found {size}")
