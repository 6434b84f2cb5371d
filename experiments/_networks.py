"""A Keras model as the boxes of a block diagram: what each layer does and gives, read from the layers themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras

from ._boxes import Box

#: What the boxes are, by the layers' classes. A diagram passes over all other layers.
KINDS = {
    "InputLayer": "input",
    "SampledPixels": "sampled",
    "Conv2D": "conv",
    "WeightNormConv2D": "conv",
    "SpectralNormConv2D": "conv",
    "Conv2DTranspose": "transposed",
    "WeightNormConv2DTranspose": "transposed",
    "AveragePooling2D": "bilinear",
    "UpSampling2D": "bilinear",
    "Resize": "bilinear",
    "Dense": "linear",
    "SpectralNormDense": "linear",
    "Add": "add",
}


def walk(model: keras.Model, *shapes: tuple[int, ...]) -> list[Box]:
    """The boxes of a functional model, in order, for one example of these shapes at its inputs."""
    boxes = []
    origin: dict[int, tuple[str, tuple[str, ...]]] = {}  # of each tensor: the last box, and layers passed over since
    for layer, shape in zip(model.layers, _output_shapes(model, shapes)):
        kind = KINDS.get(type(layer).__name__)
        found = [] if kind == "input" else [origin[id(tensor)] for tensor in _listed(layer.input)]
        if kind is None:
            name, passed = found[0]
            origin[id(layer.output)] = name, (*passed, *_passed(layer))
        else:
            sources, before = tuple(name for name, _ in found), found[0][1] if found else ()
            boxes.append(Box(layer.name, kind, _kernel(layer), _stride(layer), shape, sources, before))
            origin[id(layer.output)] = layer.name, _activation(layer)
    return boxes


def report(model: keras.Model, boxes: Sequence[Box]) -> dict[str, Any]:
    """What a figure's JSON says of a network."""
    return {"parameters": int(model.count_params()), "layers": [box._asdict() for box in boxes]}


def _output_shapes(model: keras.Model, shapes: Sequence[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Of all layers in order; a graph is made, nothing is computed."""
    probe = keras.Model(model.inputs, [layer.output for layer in model.layers])
    examples = [tf.TensorSpec((1, *shape), tensor.dtype) for shape, tensor in zip(shapes, model.inputs)]
    graph = tf.function(lambda *inputs: probe(list(inputs))).get_concrete_function(*examples)
    return (tuple(output.shape[1:]) for output in graph.structured_outputs)


def _listed(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def _kernel(layer: keras.layers.Layer) -> int | None:
    return next((int(weight.shape[0]) for weight in layer.weights if len(weight.shape) == 4), None)


def _stride(layer: keras.layers.Layer) -> int:
    return int(np.max(getattr(layer, "strides", 1)))


def _activation(layer: keras.layers.Layer) -> tuple[str, ...]:
    name = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return () if name == "linear" else (name.replace("relu", "ReLU"),)


def _passed(layer: keras.layers.Layer) -> tuple[str, ...]:
    return _activation(layer) if hasattr(layer, "activation") else (type(layer).__name__,)
