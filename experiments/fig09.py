"""Fig. 9: the one-stage generator, which makes 512x512 images of 103x103 samples (coverage 1/25)."""

from __future__ import annotations

from dlss_tf.config import preset
from dlss_tf.models import one_stage

from ._boxes import between, blocks
from ._diagram import BETWEEN, CENTRES, GAP, HEIGHT, TOP, WIDTH, canvas, draw_column, elbow, foot, length
from ._networks import report, walk
from ._report import parser, run, write

SIZE = 512  # px a side


def main() -> None:
    """Draw it, its residual blocks and what follows in a column of their own."""
    arguments = parser(__doc__, "fig09.json and .png", split=None).parse_args()
    generator = one_stage.build(preset("paper", "one-stage")).generator
    boxes = walk(generator, (SIZE, SIZE, 1))
    parts = blocks(boxes)
    residual = next(i for i, block in enumerate(parts) if block.times > 1)
    columns = parts[:residual], parts[residual:]
    figure, axes = canvas(max(map(length, columns)) + TOP + 0.2)
    places = draw_column(axes, columns[0], "One-stage generator", CENTRES[0], TOP, WIDTH)
    places |= draw_column(axes, columns[1], "", CENTRES[1], TOP, WIDTH)
    (x, end), (to, start) = places[columns[0][-1].boxes[0].name], places[columns[1][0].boxes[0].name]
    bottom, top = end + HEIGHT / 2 + GAP, start - HEIGHT / 2 - 1.3 * GAP
    leaving, entering = (x, end + HEIGHT / 2), (to, start - HEIGHT / 2)
    elbow(axes, leaving, (x, bottom), (BETWEEN, bottom), (BETWEEN, top), (to, top), entering)
    foot(axes, f"Before each convolution but the first: {between(boxes)}.")
    write("fig09", arguments, {"one-stage": report(generator, boxes)}, figure)


if __name__ == "__main__":
    run("fig09", main)
