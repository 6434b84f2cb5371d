import pytest

from experiments._boxes import Block, Box
from experiments._diagram import canvas, draw_column, length

CONV = Box("conv", "conv", 3, 1, (8, 8, 4))
ADD = Box("add", "add", None, 1, (8, 8, 4), ("conv", "start"))
COLUMN = [Block((CONV._replace(name="start"),)), Block((CONV, ADD), times=6)]


def test_a_column_is_as_long_as_it_says():
    figure, axes = canvas(length(COLUMN))
    places = draw_column(axes, COLUMN, "Title", 2.0, 0.0, 1.5)
    assert list(places) == ["start", "conv", "add"]
    assert {x for x, _ in places.values()} == {2.0}
    heights = [y for _, y in places.values()]
    assert heights == sorted(heights)
    assert heights[-1] < length(COLUMN) == pytest.approx(figure.get_figheight())
    assert {"Title", "Conv 4, 3×3", "8×8×4", "6×"} <= {text.get_text() for text in axes.texts}
