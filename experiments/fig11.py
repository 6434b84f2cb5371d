"""Fig. 11: the two-stage generator, and the trainer of its inner part. Inputs are nearest-infilled to 512x512."""

from __future__ import annotations

from dlss_tf.config import PRESETS
from dlss_tf.models import two_stage

from ._boxes import between, blocks
from ._diagram import BETWEEN, CENTRES, HEIGHT, RADIUS, TOP, WIDTH, canvas, draw_column, elbow, foot, length
from ._networks import report, walk
from ._report import parser, run, write

SIZE = 512  # px a side


def main() -> None:
    """Draw it: the inner generator at the left, at the right the outer one and below it the trainer."""
    arguments = parser(__doc__, "fig11.json and .png", split=None).parse_args()
    networks = two_stage.build(PRESETS["paper"])
    inner = walk(networks.inner, (SIZE, SIZE, 1))
    features = inner[-1].shape
    outer, trainer = walk(networks.outer, (SIZE, SIZE, 1), features), walk(networks.trainer, features)
    parts = [blocks([box for box in boxes if box.name != "inner_features"]) for boxes in (inner, outer, trainer)]
    lower = TOP + length(parts[1]) + 0.1
    figure, axes = canvas(max(TOP + length(parts[0]), lower + length(parts[2])) + 0.2)
    left = draw_column(axes, parts[0], "Inner generator", CENTRES[0], TOP, WIDTH)
    right = draw_column(axes, parts[1], "Outer generator", CENTRES[1], TOP, WIDTH)
    below = draw_column(axes, parts[2], "Inner generator trainer", CENTRES[1], lower, WIDTH)
    (x, end), add, first = left[inner[-1].name], right["outer_add_inner"], below[parts[2][0].boxes[0].name]
    leaving = x, end + HEIGHT / 2
    bottom = end + HEIGHT
    for to in ((add[0] - RADIUS, add[1]), (first[0] - WIDTH / 2, first[1])):
        elbow(axes, leaving, (x, bottom), (BETWEEN, bottom), (BETWEEN, to[1]), to)
    axes.plot((x + WIDTH / 2, CENTRES[1] - WIDTH / 2), (left["image"][1],) * 2, "k--", linewidth=0.8, zorder=0)
    foot(axes, f"After each convolution but the output ones: {between(inner)}.")
    walked = {"inner": inner, "outer": outer, "trainer": trainer}
    layers = {name: report(getattr(networks, name), boxes) for name, boxes in walked.items()}
    write("fig11", arguments, layers, figure)


if __name__ == "__main__":
    run("fig11", main)
