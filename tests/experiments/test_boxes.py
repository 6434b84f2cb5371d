import pytest

from experiments._boxes import Block, Box, between, blocks


def chain(*kinds, before=("ReLU",)):
    """Boxes one after another, each an 8x8 image of 4 channels; a sum takes the third before it too."""
    boxes = []
    for i, kind in enumerate(kinds):
        sources = tuple(box.name for box in boxes[-1:] + boxes[-3:-2] * (kind == "add"))
        boxes.append(Box(f"layer{i}", kind, 3 if kind == "conv" else None, 1, (8, 8, 4), sources, before))
    return boxes


def test_residual_blocks_are_gathered_and_counted():
    body = ("conv", "conv", "add") * 3
    found = blocks(chain("input", "conv", *body, "conv"))
    assert [(len(block.boxes), block.times) for block in found] == [(1, 1), (1, 1), (3, 3), (1, 1)]
    assert found[2].looks() == [("Conv 4, 3×3", "8×8×4")] * 2 + [("+", "8×8×4")]


def test_a_sum_with_another_input_is_no_residual_block():
    first, second = chain("input", "conv"), Box("features", "input", None, 1, (8, 8, 4))
    add = Box("add", "add", None, 1, (8, 8, 4), ("layer1", "features"))
    assert [block.times for block in blocks([*first, second, add])] == [1] * 4


@pytest.mark.parametrize(
    ("box", "label"),
    [
        (Box("a", "conv", 5, 2, (16, 16, 64)), "Conv 64, 5×5, stride 2"),
        (Box("a", "transposed", 3, 2, (32, 32, 8)), "Transposed 8, 3×3, stride 2"),
        (Box("a", "bilinear", None, 1, (256, 256, 1)), "Bilinear, 256×256"),
        (Box("a", "linear", None, 1, (100,)), "Linear, 100"),
        (Box("inner_features", "input", None, 1, (8, 8, 4)), "Inner features"),
    ],
)
def test_labels(box, label):
    assert box.label() == label
    assert Block((box,)).looks() == [(label, "×".join(map(str, box.shape)))]


def test_what_is_most_often_between():
    assert between(chain("conv", before=()) + chain("conv", "conv") + chain("conv", before=("A", "B"))) == "ReLU"
