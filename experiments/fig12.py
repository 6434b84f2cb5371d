"""Fig. 12: multiscale discriminators, each of which sees one random w x w crop of a true or a generated image."""

from __future__ import annotations

from dlss_tf.models.discriminators import CROPS, SIDE, discriminators

from ._boxes import Block, Box, blocks
from ._diagram import canvas, draw_column, foot, length
from ._networks import report, walk
from ._report import FIGURE_WIDTH, parser, run, write

WIDTH, TOP = 1.32, 0.08  # inches


def seen(side: int) -> list[Block]:
    """What `multiscale_crops` does before the discriminator of crops of that side."""
    crop = Box("crop", "crop", None, 1, (side, side, 1))
    resized = Box("resized", "bilinear", None, 1, (SIDE, SIDE, 1))
    return [Block((crop,))] + [Block((resized,))] * (side != SIDE)


def main() -> None:
    """Draw them side by side."""
    arguments = parser(__doc__, "fig12.json and .png", split=None).parse_args()
    networks = discriminators(1.0)
    boxes = [walk(network, (SIDE, SIDE, 1)) for network in networks]
    columns = [seen(side) + blocks(each[1:]) for side, each in zip(CROPS, boxes)]
    longest = max(map(length, columns))
    figure, axes = canvas(longest + TOP + 0.2)
    for i, column in enumerate(columns):
        centre = FIGURE_WIDTH / len(columns) * i + WIDTH / 2 + 0.04
        draw_column(axes, column, f"Discriminator {i + 1}", centre, TOP, WIDTH)
    passed = boxes[0][2].before[0]
    foot(axes, f"After each convolution: {passed}. Each has weights of its own.")
    write("fig12", arguments, {network.name: report(network, each) for network, each in zip(networks, boxes)}, figure)


if __name__ == "__main__":
    run("fig12", main)
