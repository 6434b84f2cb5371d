"""`models.two_stage` in ONNX: plain convolutions, weight normalisation and running means folded in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...config import Config
from .. import wiring
from ..folding import folded
from .blocks import Blocks
from .graph import Graph


def output(graph: Graph, config: Config, weights: Mapping[str, np.ndarray], image: str) -> str:
    """The image [b, 1, H, W] of a nearest-infilled one, sides multiples of 32."""
    blocks = _Blocks(graph, config, lambda name: folded(name, weights, config))
    blocks.of(1, image)
    return wiring.outer(blocks, image, wiring.inner(blocks, image))


class _Blocks(Blocks):
    """What `wiring` takes."""

    def conv(self, x: str, count: int, name: str, kernel: int = 3, strides: int = 1, transposed: bool = False) -> str:
        """Convolution, running mean-only batch norm, ReLU or leaky ReLU."""
        of_images = self.config.subtract == "image"
        x = self.convolution(x, self.scaled(count), name, kernel, strides, not of_images, transposed)
        if of_images:
            x = self._centered(x, f"{name}_norm")
        return self.relu(x, f"{name}_relu", wiring.slope(self.config, kernel, strides, transposed))

    def _centered(self, x: str, name: str) -> str:
        """Less each image's own mean."""
        graph, shift = self.graph, self.graph.GlobalAveragePool(x)
        if self.config.bias:
            shift = graph.Sub(shift, self.weight(f"{name}/bias", self.count(x)).reshape(1, -1, 1, 1))
        return self.as_before(x, graph.add("Sub", [x, shift], name))

    def halved(self, x: str, name: str) -> str:
        """Half the side, bilinearly."""
        return self.as_before(x, self.graph.add("AveragePool", [x], name, kernel_shape=[2, 2], strides=[2, 2]))

    def doubled(self, x: str, name: str) -> str:
        """Twice the side, bilinearly."""
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return self.as_before(x, self.graph.add("Resize", [x, "", [1.0, 1.0, 2.0, 2.0]], name, **how))

    def output(self, x: str, name: str) -> str:
        """To one channel, nothing after it."""
        return self.convolution(x, 1, f"{name}_output", bias=False)
