"""`models.scan_grid` and, with a head that tells its errors, `models.spread` in ONNX."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from onnx import TensorProto

from ...config import Config
from ...layers.kernels import bilinear_kernel
from .. import wiring
from ..wiring import BEYOND, BORDER, COARSER, LEAST, MULTIPLE, SMALL
from .blocks import Blocks
from .graph import END, Graph
from .windowed_wiener import filtered


def outputs(
    graph: Graph,
    config: Config,
    weights: Mapping[str, np.ndarray],
    head: Mapping[str, np.ndarray] | None,
    image: str,
    factor: str,
) -> list[str]:
    """The image, and with a head its deviation, [b, H, W] each, of [b, H, W] and int64 [1]."""
    grid = _Grid(graph, _sides(graph, image), factor)
    return _outputs(graph, config, weights, head, grid, grid.samples(image))


def of_scan(graph: Graph, config: Config, weights: Mapping[str, np.ndarray], scan: str, factor: str) -> str:
    """The image [b, s h, s w] of a scan [b, h, w] and int64 [1]."""
    grid = _Grid(graph, graph.Mul(_sides(graph, scan), factor), factor)
    return _outputs(graph, config, weights, None, grid, scan)[0]


def _outputs(
    graph: Graph,
    config: Config,
    weights: Mapping[str, np.ndarray],
    head: Mapping[str, np.ndarray] | None,
    grid: _Grid,
    scan: str,
) -> list[str]:
    factor, blocks = grid.factor, _Blocks(graph, config, weights.__getitem__)
    strengths, sizes = wiring.STRENGTHS, wiring.WINDOWS
    seen = [scan, *(each for size in sizes for each in filtered(graph, scan, size, strengths))]
    views = blocks.of(len(seen), _bordered(graph, _stacked(graph, seen)))
    features = blocks.as_large(wiring.body(blocks, blocks.with_factor(views, factor)), views)
    count = blocks.count(features)
    shares = blocks.weight("mixture/share", len(seen) - 1).reshape(1, -1, 1, 1)
    mixture = graph.ReduceSum(graph.Mul(graph.cut(views, [1], [END], [1]), shares), [1], keepdims=1)
    output = grid.crop(blocks.heads("heads", features, mixture, factor))
    output = graph.Clip(output, -BEYOND, 1 + BEYOND)
    if head is None:
        return [output]
    blocks = _Blocks(graph, config, head.__getitem__)
    at_samples = _bordered(graph, _stacked(graph, [grid.samples(output)]))
    evidence = _evidence(graph, views, at_samples)
    x = wiring.spread(blocks, blocks.of(count + 2 * len(seen) + 2, graph.concat([features, evidence], 1)))
    logarithm = blocks.heads("spread", x, blocks.convolution(x, 1, "spread_level"), factor)
    deviation = grid.crop(graph.Exp(graph.Clip(logarithm, math.log(LEAST), 0.0)))
    # `Crop` bounds it, too, which the least and the greatest deviation are within
    return [output, deviation]


class _Grid:
    """The lattice's samples of images of these `sides`, int64 [2], and back."""

    def __init__(self, graph: Graph, sides: str, factor: str):
        self.graph, self.sides, self.factor = graph, sides, factor
        self.offsets = graph.Div(graph.Mod(sides, factor), [2])

    def samples(self, image: str) -> str:
        """[b, H, W] to [b, n, m]."""
        steps = self.graph.concat([self.factor, self.factor], 0)
        return self.graph.cut(image, self.offsets, self.sides, (1, 2), steps)

    def crop(self, pixels: str) -> str:
        """The image's, [b, H, W], of all around its bordered samples, [b, 1, h, w]."""
        graph = self.graph
        first = graph.Add(graph.Mul(self.factor, [BORDER]), graph.Div(self.factor, [2]))
        starts = graph.Sub(first, self.offsets)
        return graph.cut(graph.Squeeze(pixels, [1]), starts, graph.Add(starts, self.sides), (1, 2))


class _Blocks(Blocks):
    """What `wiring` takes."""

    def conv(self, x: str, count: int, name: str) -> str:
        """3x3."""
        return self.convolution(x, self.scaled(count), name)

    def halve(self, x: str, count: int, name: str) -> str:
        """Half the side."""
        return self.convolution(x, self.scaled(count), name, kernel=2, strides=2)

    def double(self, x: str, count: int, name: str) -> str:
        """Twice the side."""
        return self.convolution(x, self.scaled(count), name, kernel=2, strides=2, transposed=True)

    def coarser(self, x: str, name: str) -> str:
        """Means of 4x4, of fewer where a side ends."""
        sides = [COARSER] * 2
        how = {"kernel_shape": sides, "strides": sides, "auto_pad": "SAME_UPPER", "count_include_pad": 0}
        return self.as_before(x, self.graph.add("AveragePool", [x], name, **how))

    def finer(self, x: str, fine: str, name: str, cut: str) -> str:
        """4x4 of each, as large as `fine`."""
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        larger = self.graph.add("Resize", [x, "", [1.0, 1.0, COARSER, COARSER]], name, **how)
        return self.as_large(self.as_before(x, larger), fine)

    def as_large(self, x: str, other: str) -> str:
        """Without what is beyond the other's sides."""
        sides = self.graph.concat([self.graph.side(other, axis) for axis in (2, 3)], 0)
        return self.as_before(x, self.graph.cut(x, [0, 0], sides, (2, 3)))

    def with_factor(self, views: str, factor: str) -> str:
        """Views and s / 10 everywhere, mirrored to sides that are multiples of 4."""
        graph, count = self.graph, self.count(views)
        for axis in (2, 3):
            views = graph.Gather(views, _to_multiple(graph, graph.side(views, axis)), axis=axis)
        tenth = graph.Reshape(graph.Div(graph.Cast(factor, to=TensorProto.FLOAT), 10.0), [1, 1, 1, 1])
        shape = graph.concat([graph.side(views, 0), [1], graph.side(views, 2), graph.side(views, 3)], 0)
        return self.of(count + 1, graph.concat([views, graph.Expand(tenth, shape)], 1))

    def heads(self, name: str, features: str, scan: str, factor: str) -> str:
        """The pixels [b, 1, n s, m s] around samples: `layers.sub_pixel`."""
        count = self.count(features)
        both = self.graph.concat([features, scan], 1)

        def pixels(graph: Graph, s: int) -> str:
            own = self.weight(f"{name}/kernel_{s}", 3, 3, count, s * s)
            kernel = np.concatenate([own, bilinear_kernel(s)], 2).transpose(3, 2, 0, 1)
            weights = [graph.weight(np.ascontiguousarray(kernel)), graph.weight(self.weight(f"{name}/bias_{s}", s * s))]
            cells = graph.Conv(both, *weights, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
            return graph.DepthToSpace(cells, blocksize=s)

        return self.graph.choose(factor, sorted(set(self.config.factors)), pixels)


def _sides(graph: Graph, images: str) -> str:
    """Height and width of images [b, h, w]: int64 [2]."""
    return graph.concat([graph.side(images, axis) for axis in (1, 2)], 0)


def _stacked(graph: Graph, images: Sequence[str]) -> str:
    """Images [b, h, w] as channels."""
    return graph.concat([graph.Unsqueeze(image, [1]) for image in images], 1)


def _bordered(graph: Graph, images: str) -> str:
    """With their outermost samples again on each side."""
    return graph.Pad(images, [0, 0, BORDER, BORDER] * 2, mode="edge")


def _to_multiple(graph: Graph, side: str) -> str:
    """Which sample lies where on an axis that is mirrored up to a multiple of 4: int64 [more]."""
    more = graph.Mul(graph.Div(graph.Add(side, [MULTIPLE - 1]), [MULTIPLE]), [MULTIPLE])
    places = graph.range(more)
    return graph.Min(places, graph.Sub(graph.Sub(graph.Mul(side, [2]), [1]), places))


def _evidence(graph: Graph, views: str, image: str) -> str:
    """`spread.Evidence`: [b, k, n, m] and [b, 1, n, m] -> [b, 2 k + 2, n, m]."""
    scan, others = graph.cut(views, [0], [1], [1]), graph.cut(views, [1], [END], [1])
    residues = graph.Abs(graph.Sub(scan, others))
    around = graph.Pad(image, [0, 0, 1, 1] * 2, mode="edge")
    places = (([0, 1], [-2, -1]), ([2, 1], [END, -1]), ([1, 0], [-1, -2]), ([1, 2], [-1, END]))
    up, down, left, right = (graph.cut(around, *place, (2, 3)) for place in places)
    vertical, horizontal = graph.Sub(down, up), graph.Sub(right, left)
    slope = graph.Sqrt(graph.Add(graph.Mul(vertical, vertical), graph.Mul(horizontal, horizontal)))
    bend = graph.Abs(graph.Sub(graph.Mul(image, 4.0), graph.Sum(up, down, left, right)))
    told = graph.concat([residues, graph.Abs(graph.Sub(scan, image)), slope, bend], 1)
    return graph.concat([image, residues, graph.Log(graph.Add(told, SMALL))], 1)
