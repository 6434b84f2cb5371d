"""The paper's networks, as method.md's section 3 has them, found in the models that the code builds."""

import pytest

from dlss_tf.config import PRESETS, preset
from dlss_tf.models import channels, discriminators, mse_predictor, one_stage, two_stage
from experiments._boxes import between, blocks
from experiments._networks import report, walk

WIDTH = 1 / 16  # the layers are the same at any


def seen(boxes):
    """Kernel, stride, side and channels of each convolution."""
    return [(b.kernel, b.stride, b.shape[0], b.shape[2]) for b in boxes if b.kind in ("conv", "transposed")]


def scaled(*rows):
    return [(kernel, stride, side, channels(count, WIDTH)) for kernel, stride, side, count in rows]


@pytest.fixture(scope="module")
def networks():
    return two_stage.build(PRESETS["paper"].replace(width=WIDTH))


def test_inner_generator(networks):
    boxes = walk(networks.inner, (512, 512, 1))
    down = [(5, 1, 256, 64), (3, 2, 128, 128), (3, 2, 64, 256), (3, 2, 32, 512), (3, 2, 16, 768)]
    up = [(3, 2, 32, 512), (3, 2, 64, 256), (3, 2, 128, 128), (3, 2, 256, 64)]
    assert seen(boxes) == scaled(*down, *[(3, 1, 16, 768)] * 18, *up)
    (residual,) = (block for block in blocks(boxes) if block.times > 1)
    assert residual.times == 6
    assert [box.kind for box in residual.boxes] == ["conv", "conv", "conv", "add"]
    assert between(boxes) == "MeanOnlyNorm and ReLU"


def test_outer_generator_and_trainer(networks):
    inputs = (512, 512, 1), (256, 256, channels(64, WIDTH))
    boxes = walk(networks.outer, *inputs)
    *body, output = seen(boxes)
    residual = [(3, 1, 256, 64)] * 9
    assert body == scaled((5, 1, 512, 32), (3, 2, 256, 64), *residual, (3, 2, 512, 32), (3, 1, 512, 32))
    assert output == (3, 1, 512, 1)
    assert [block.times for block in blocks(boxes) if len(block.boxes) > 1] == [3]
    assert set(next(box for box in boxes if box.kind == "add").sources) == {"outer_conv2", "inner_features"}
    assert seen(walk(networks.trainer, inputs[1])) == [*scaled((3, 1, 256, 64)), (3, 1, 256, 1)]


def test_one_stage_generator():
    generator = one_stage.build(preset("paper", "one-stage").replace(width=WIDTH)).generator
    boxes = walk(generator, (512, 512, 1))
    *body, output = seen(boxes)
    residual = [(3, 1, 32, 128)] * 12
    up = [(3, 2, 64, 128), (3, 2, 128, 96), (3, 2, 256, 64), (3, 2, 512, 32)]
    assert body == scaled((3, 1, 103, 32), (3, 1, 57, 64), (3, 1, 32, 128), *residual, *up)
    assert output == (3, 1, 512, 1)
    assert [block.times for block in blocks(boxes) if len(block.boxes) > 1] == [6]
    assert [box.shape[0] for box in boxes if box.kind in ("sampled", "bilinear")] == [103, 57, 32]
    assert between(boxes) == "ReLU and BatchNorm"


def test_discriminators():
    for network in discriminators.discriminators(WIDTH):
        boxes = walk(network, (70, 70, 1))
        assert seen(boxes) == scaled((4, 2, 34, 64), (4, 2, 16, 128), (4, 2, 7, 256), (4, 2, 2, 512))
        assert (boxes[-1].kind, boxes[-1].shape) == ("linear", (1,))


def test_predictor():
    predictor = mse_predictor.mse_predictor()
    boxes = walk(predictor, (25,))
    assert [box.shape for box in boxes] == [(25,), (100,), (200,), (1,)]
    assert [box.before for box in boxes] == [(), (), ("ReLU",), ("ReLU",)]
    assert report(predictor, boxes)["parameters"] == 25 * 100 + 100 + 100 * 200 + 200 + 200 + 1


@pytest.mark.parametrize(("upsampling", "kind"), [("transposed", "transposed"), ("bilinear", "bilinear")])
def test_either_upsampling_doubles_the_side(upsampling, kind):
    config = PRESETS["paper"].replace(width=WIDTH, upsampling=upsampling)
    boxes = walk(two_stage.build(config).inner, (64, 64, 1))[-8:]
    assert [box.shape[0] for box in boxes if box.kind == kind][-4:] == [4, 8, 16, 32]
