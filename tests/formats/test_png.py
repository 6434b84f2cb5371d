import pytest

from dlss_tf.formats import png


@pytest.mark.parametrize(
    ("width", "pixel_size", "length"), [(512, 0.02, 2), (512, 0.1, 10), (100, 1, 20), (1000, 2e-4, 0.05), (300, 0.1, 5)]
)
def test_scale_bars_are_round(width, pixel_size, length):
    assert png.scale_bar(width, pixel_size) == pytest.approx(length)
