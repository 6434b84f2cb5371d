"""How the generators' layers are joined (figs. 9 and 11; method.md, 10), whatever makes them: Keras or ONNX.

`blocks` makes layers, by the names of their weights, of so many channels at width 1, and has the network's `config`.
Plain data and Python alone.
"""

from __future__ import annotations

from typing import Any

from ..config import Config

# Slopes of the published code's leaky ReLU: of the 5x5 and the stride-2 convolutions, and of all others, the transposed
# ones and the inner trainer's among them.
STEEP_SLOPE, SLOPE = 0.1, 0.01
INNER_DOWN, INNER_UP = (128, 256, 512, 768), (512, 256, 128, 64)
INNER_RESIDUALS, OUTER_RESIDUALS = 6, 3

BOTTLENECK = 16  # px of a one-stage generator's output for each px a side of its residual blocks
ONE_STAGE_RESIDUALS = 6

# Of the scan-grid generator:
LEVELS = (32, 64, 160)  # channels at width 1: at the scan's resolution, half and a quarter of it
DOWN_BLOCKS, UP_BLOCKS = (3, 3, 4), (3, 3)  # residual blocks on the way down, the last at the bottom, and up again
WINDOWS, STRENGTHS = (32, 64), (1.5, 3.0)  # samples a side of the Wiener filters, and how strong they are
MULTIPLE = 4  # samples, of the sides at the scan's resolution
BEYOND = 0.1  # of the samples' range; blurred images leave it by less
BORDER = 1  # replicated samples on each side, whose pixels cover the image's border

SPREAD_LEVELS = (32, 48, 48)  # channels at width 1 of its second head: at the scan's resolution, 1/4 and 1/16 of it
COARSER = 4
SMALL = 2e-3  # of the samples' range: differences below that look alike
LEAST = 1e-4  # of the samples' range: the least deviation that it can expect

Blocks = Any  # of Keras or of ONNX
Tensor = Any


# --- Two-stage, fig. 11 ----------------------------------------------------------------------------------------------


def inner(blocks: Blocks, image: Tensor) -> Tensor:
    """The inner generator's features at half the image's resolution."""
    x = blocks.conv(blocks.halved(image, "inner_downsample"), 64, "inner_conv1", kernel=5)
    for i, count in enumerate(INNER_DOWN, start=2):
        x = blocks.conv(x, count, f"inner_conv{i}", strides=2)
    for i in range(1, INNER_RESIDUALS + 1):
        x = _residual(blocks, x, INNER_DOWN[-1], f"inner_residual{i}", convolutions=3)
    for i, count in enumerate(INNER_UP, start=1):
        x = _up(blocks, x, count, f"inner_up{i}")
    return x


def outer(blocks: Blocks, image: Tensor, features: Tensor) -> Tensor:
    """The outer generator's image, with the inner one's features."""
    x = blocks.conv(image, 32, "outer_conv1", kernel=5)
    x = blocks.conv(x, 64, "outer_conv2", strides=2)
    x = blocks.add(x, features, "outer_add_inner")
    for i in range(1, OUTER_RESIDUALS + 1):
        x = _residual(blocks, x, 64, f"outer_residual{i}", convolutions=3)
    x = _up(blocks, x, 32, "outer_up1")
    x = blocks.conv(x, 32, "outer_conv3")
    return blocks.output(x, "outer")


def slope(config: Config, kernel: int, strides: int, transposed: bool) -> float:
    """Of a two-stage network's ReLU, below 0."""
    if config.activation == "relu":
        return 0.0
    return STEEP_SLOPE if kernel == 5 or (strides == 2 and not transposed) else SLOPE


def is_transposed(name: str, config: Config) -> bool:
    """Whether a two-stage layer, or a weight's, by its name is a transposed convolution, of kernel [k, k, out, in]."""
    return "_up" in name and config.upsampling == "transposed"


def _residual(blocks: Blocks, x: Tensor, count: int, name: str, convolutions: int) -> Tensor:
    """So many convolutions with an identity skip around them."""
    y = x
    for i in range(1, convolutions + 1):
        y = blocks.conv(y, count, f"{name}_conv{i}")
    return blocks.add(x, y, f"{name}_add")


def _up(blocks: Blocks, x: Tensor, count: int, name: str) -> Tensor:
    """Twice the side, to `count` channels."""
    if blocks.config.upsampling == "transposed":
        return blocks.conv(x, count, name, strides=2, transposed=True)
    return blocks.conv(blocks.doubled(x, f"{name}_resize"), count, name)


# --- One-stage, fig. 9 -----------------------------------------------------------------------------------------------


def one_stage(blocks: Blocks, scan: Tensor, image: Tensor) -> Tensor:
    """The image of a scan; `image`, infilled, says how large."""
    x = blocks.conv(scan, 32, "conv1", relu=False)
    x = blocks.resize(x, image, 64, "conv2", half_way=True)
    x = blocks.resize(x, image, 128, "conv3", half_way=False)
    for i in range(1, ONE_STAGE_RESIDUALS + 1):
        x = _residual(blocks, x, 128, f"residual{i}", convolutions=2)
    for i, count in enumerate((128, 96, 64, 32), start=1):
        x = blocks.conv(x, count, f"up{i}", transposed=True)
    return blocks.output(x)


# --- Scan-grid, method.md, 10 ----------------------------------------------------------------------------------------


def body(blocks: Blocks, seen: Tensor) -> Tensor:
    """Features of a scan's samples, of what is `seen` of them."""
    first, *lower = LEVELS
    x = blocks.conv(seen, first, "first")
    x = _residuals(blocks, x, first, DOWN_BLOCKS[0], "down1")
    skipped = []
    for level, (count, number) in enumerate(zip(lower, DOWN_BLOCKS[1:]), start=2):
        skipped.append(x)
        x = _residuals(blocks, blocks.halve(x, count, f"halve{level}"), count, number, f"down{level}")
    for level, count in reversed(list(enumerate([first, *lower[:-1]], start=1))):
        x = blocks.add(blocks.double(x, count, f"double{level}"), skipped.pop(), f"double{level}_add")
        x = _residuals(blocks, x, count, UP_BLOCKS[level - 1], f"up{level}")
    return x


def _residuals(blocks: Blocks, x: Tensor, count: int, number: int, name: str) -> Tensor:
    """Blocks of two 3x3 convolutions, ReLU between, added to what they are given."""
    for i in range(1, number + 1):
        y = blocks.relu(blocks.conv(x, count, f"{name}_residual{i}_conv1"), f"{name}_residual{i}_relu")
        x = blocks.add(x, blocks.conv(y, count, f"{name}_residual{i}_conv2"), f"{name}_residual{i}")
    return x


def spread(blocks: Blocks, x: Tensor) -> Tensor:
    """Features of the samples for its second head, seen together with those of ever wider surroundings."""
    passed = []
    for i, count in enumerate(SPREAD_LEVELS):
        if i:
            x = blocks.coarser(x, f"spread_pool{i}")
        x = _activated(blocks, x, count, f"spread_down{i}")
        passed.append(x)
    for i, fine in reversed(list(enumerate(passed[:-1]))):
        x = blocks.conv(x, SPREAD_LEVELS[i], f"spread_to{i}")
        x = blocks.finer(x, fine, f"spread_finer{i}", f"spread_as_large{i}")
        x = blocks.add(x, fine, f"spread_add{i}")
        x = _activated(blocks, x, SPREAD_LEVELS[i], f"spread_up{i}")
    return x


def _activated(blocks: Blocks, x: Tensor, count: int, name: str) -> Tensor:
    return blocks.relu(blocks.conv(x, count, name), f"{name}_relu")
