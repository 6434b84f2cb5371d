"""What networks' blocks are made of, in ONNX: channels first, of weights as Keras has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...config import Config
from .. import channels
from .graph import Graph


class Blocks:
    """Layers by the names of their weights, which `weight` gives; KeyError without one, ValueError if it misfits."""

    def __init__(self, graph: Graph, config: Config, weight: Callable[[str], np.ndarray]):
        self.graph, self.config = graph, config
        self._weight = weight
        self._channels: dict[str, int] = {}

    def of(self, count: int, x: str) -> str:
        """`x`, which has so many channels."""
        self._channels[x] = count
        return x

    def as_before(self, before: str, x: str) -> str:
        """`x`, which has as many channels as what was before it."""
        return self.of(self.count(before), x)

    def count(self, x: str) -> int:
        """How many channels it has."""
        return self._channels[x]

    def scaled(self, count: int) -> int:
        """Channels of a layer that has `count` at width 1."""
        return channels(count, self.config.width)

    def weight(self, name: str, *shape: int) -> np.ndarray:
        """Of that name and shape."""
        found = self._weight(name)
        if found.shape != shape:
            raise ValueError(f"{name}: expected shape {list(shape)}, found {list(found.shape)}")
        return found

    def convolution(
        self,
        x: str,
        count: int,
        name: str,
        kernel: int = 3,
        strides: int = 1,
        bias: bool = True,
        transposed: bool = False,
    ) -> str:
        """TensorFlow's SAME convolution to `count` channels, or transposed one, of sides that the strides divide."""
        graph, given = self.graph, self.count(x)
        array = self.weight(f"{name}/kernel", kernel, kernel, *((count, given) if transposed else (given, count)))
        weights = [graph.weight(np.ascontiguousarray(array.transpose(3, 2, 0, 1)))]
        weights += [graph.weight(self.weight(f"{name}/bias", count))] if bias else []
        more = kernel - strides  # px that a side is padded by
        how = {"kernel_shape": [kernel] * 2, "strides": [strides] * 2, "pads": [more // 2] * 2 + [-(-more // 2)] * 2}
        return self.of(count, graph.add("ConvTranspose" if transposed else "Conv", [x, *weights], name, **how))

    def add(self, x: str, y: str, name: str) -> str:
        """Their sum."""
        return self.as_before(x, self.graph.add("Add", [x, y], name))

    def relu(self, x: str, name: str, slope: float = 0.0) -> str:
        """No less than `slope` times x."""
        if slope:
            return self.as_before(x, self.graph.add("LeakyRelu", [x], name, alpha=slope))
        return self.as_before(x, self.graph.add("Relu", [x], name))
