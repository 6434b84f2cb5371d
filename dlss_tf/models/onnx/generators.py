"""The ONNX model that a config and weights make: what `models.generators` is for Keras."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto, TensorProto

from ...config import Config
from ...errors import InputError
from . import one_stage, scan_grid, two_stage
from .graph import Graph, Shape

IMAGES: Shape = ["batch", "height", "width", 1]
DESCRIPTION = (
    "Deep learning supersampling (arXiv 1910.10467). image: a scan in [0, 1], each pixel that of the nearest sample; "
    "output: the image, same shape and scale"
)
FACTOR = "; factor: of the lattice, a pixel in so many a side was scanned"
OF_SCANS = (
    "Deep learning supersampling (arXiv 1910.10467). scan: every {}th probing location a side, in any units; image: "
    "completed, so many times larger a side, in those units"
)
DEVIATION = "; deviation: the standard deviation of each pixel's error to expect"


def model(
    config: Config,
    weights: Mapping[str, np.ndarray],
    head: Mapping[str, np.ndarray] | None = None,
    half: bool = False,
    properties: Mapping[str, str] | None = None,
) -> ModelProto:
    """The generator of trained weights by name: `image` float32 [b, H, W, 1] -> `output`, same shape.

    A scan-grid generator also takes `factor`, int32 [1], and with the weights of its head gives the `deviation`, times
    the head's `calibration` if that has one. With `half` what float16 holds exactly is kept in that.

    Raises:
        InputError: a weight is missing or does not fit.
    """
    graph = Graph(half)
    inputs: dict = {"image": (TensorProto.FLOAT, IMAGES)}
    description = DESCRIPTION
    try:
        if config.network == "scan-grid":
            inputs["factor"] = TensorProto.INT32, [1]
            factor = graph.Cast("factor", to=TensorProto.INT64)
            image = graph.Squeeze("image", [3])
            made = [
                graph.Unsqueeze(each, [3]) for each in scan_grid.outputs(graph, config, weights, head, image, factor)
            ]
            description += FACTOR + DEVIATION * (head is not None)
        else:
            network = {"two-stage": two_stage, "one-stage": one_stage}[config.network]
            image = graph.Transpose("image", perm=[0, 3, 1, 2])
            made = [graph.Transpose(network.output(graph, config, weights, image), perm=[0, 2, 3, 1])]
    except (KeyError, ValueError) as error:
        raise _misfit(error) from None
    names = ("output", "deviation")[: len(made)]
    if head is not None and "calibration" in head:
        made[1] = graph.Mul(made[1], head["calibration"])
    for name, value in zip(names, made):
        graph.output(value, name)
    return graph.model(inputs, dict.fromkeys(names, IMAGES), description, properties)


def of_scans(
    config: Config, weights: Mapping[str, np.ndarray], factor: int, properties: Mapping[str, str] | None = None
) -> ModelProto:
    """A scan-grid generator for scans in their own units: `scan` float32 [b, 1, h, w] -> `image` [b, 1, s h, s w].

    Of one factor s that it was trained for, of whose head alone it has the weights. It scales each finite scan to
    [0, 1] as `inference.scaling` does, and back. What float16 holds exactly is kept in that.

    Raises:
        InputError: a weight is missing or does not fit.
    """
    graph = Graph(half=True)
    scan = graph.Squeeze("scan", [1])
    low, high = (graph.add(extreme, [scan], axes=[1, 2]) for extreme in ("ReduceMin", "ReduceMax"))
    span = graph.Sub(high, low)
    unit = graph.Div(graph.Sub(scan, low), graph.Where(graph.Greater(span, 0.0), span, 1.0))
    try:
        image = scan_grid.of_scan(graph, config.replace(factors=(factor,)), weights, unit, graph.constant([factor]))
    except (KeyError, ValueError) as error:
        raise _misfit(error) from None
    graph.output(graph.Unsqueeze(graph.Add(graph.Mul(image, span), low), [1]), "image")
    inputs: dict = {"scan": (TensorProto.FLOAT, ["batch", 1, "rows", "columns"])}
    return graph.model(inputs, {"image": ["batch", 1, "height", "width"]}, OF_SCANS.format(factor), properties)


def _misfit(error: Exception) -> InputError:
    return InputError(f"the weights do not fit its config.json: {error}")
