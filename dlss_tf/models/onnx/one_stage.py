"""`models.one_stage` in ONNX."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import TensorProto

from ...config import Config
from ...layers.kernels import BATCH_NORM_EPSILON
from .. import wiring
from .blocks import Blocks
from .graph import Graph


def output(graph: Graph, config: Config, weights: Mapping[str, np.ndarray], image: str) -> str:
    """The image [b, 1, H, W] of a nearest-infilled one, sides multiples of 32."""
    blocks = _Blocks(graph, config, weights.__getitem__)
    factor = [config.factors[0]]
    sides = [graph.side(image, axis) for axis in (2, 3)]
    offsets = [graph.Div(graph.Mod(side, factor), [2]) for side in sides]
    scan = graph.cut(image, graph.concat(offsets, 0), graph.concat(sides, 0), (2, 3), 2 * factor)
    return wiring.one_stage(blocks, blocks.of(1, scan), image)


class _Blocks(Blocks):
    """What `wiring` takes: pre-activation blocks."""

    def conv(self, x: str, count: int, name: str, relu: bool = True, transposed: bool = False) -> str:
        """ReLU, batch norm, convolution, or a transposed one that doubles the side."""
        x = self._normalized(x, name, relu)
        return self.convolution(x, self.scaled(count), name, strides=2 if transposed else 1, transposed=transposed)

    def resize(self, x: str, image: str, count: int, name: str, half_way: bool) -> str:
        """ReLU, batch norm, towards the bottleneck's side as `one_stage.Resize` has it, convolution."""
        graph, x = self.graph, self._normalized(x, name)
        sides = []
        for axis in (2, 3):
            side = graph.Div(graph.side(image, axis), [wiring.BOTTLENECK])
            if half_way:
                squared = graph.Cast(graph.Mul(graph.side(x, axis), side), to=TensorProto.FLOAT)
                side = graph.Cast(graph.Round(graph.Sqrt(squared)), to=TensorProto.INT64)
            sides.append(side)
        shape = graph.concat([graph.side(x, 0), graph.side(x, 1), *sides], 0)
        places = "align_corners" if self.config.rules > 1 else "half_pixel"
        how = {"mode": "linear", "coordinate_transformation_mode": places}
        resized = graph.add("Resize", [x, "", "", shape], f"{name}_resize", **how)
        return self.convolution(self.as_before(x, resized), self.scaled(count), name)

    def output(self, x: str) -> str:
        """To one channel, without bias."""
        return self.convolution(self._normalized(x, "output"), 1, "output", bias=False)

    def _normalized(self, x: str, name: str, relu: bool = True) -> str:
        count = self.count(x)
        x = self.relu(x, f"{name}_relu") if relu else x
        beta, mean, variance = (
            self.weight(f"{name}_norm/{part}", count) for part in ("beta", "moving_mean", "moving_variance")
        )
        given = [x, np.ones(count, np.float32), beta, mean, variance]
        return self.as_before(
            x, self.graph.add("BatchNormalization", given, f"{name}_norm", epsilon=BATCH_NORM_EPSILON)
        )
