"""A graph of ONNX operations that grows as it is called: names, constants and opset are its own business."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8  # of 2022: whatever runs ONNX today takes these
PRODUCER = "dlss_tf"
END = 2**63 - 1  # of a side, for `cut`
SMALL = 8192  # numbers, up to which the same constant is kept once

Value = Any  # the name of a tensor, or numbers: whole ones become int64, others float32
Shape = Sequence[int | str]  # sides that are any have a name


class Graph:
    """`graph.MatMul(x, y)` -> the name of the product, and so any operation of one output; attributes by name.

    With `half` weights are kept in float16 if that is what they are.
    """

    def __init__(self, half: bool = False, numbers: itertools.count | None = None):
        self.half = half
        self._numbers = numbers or itertools.count()  # one count for a graph and its branches
        self._nodes: list[Any] = []
        self._stored: list[TensorProto] = []
        self._constants: dict[tuple[bytes, str, tuple[int, ...]], str] = {}

    def __getattr__(self, operation: str) -> Callable[..., str]:
        if not operation[0].isupper():
            raise AttributeError(operation)
        return lambda *inputs, **attributes: self.add(operation, inputs, **attributes)

    def add(self, operation: str, inputs: Sequence[Value], name: str = "", **attributes: Any) -> str:
        """The name of what an operation gives; `name` is that of a layer, if it is one."""
        name = f"{name}/{operation}" if name else self._named(operation)
        given = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        self._nodes.append(helper.make_node(operation, given, [name], name=name, **attributes))
        return name

    def output(self, x: str, name: str) -> None:
        """Let an output of that name be x."""
        self._nodes.append(helper.make_node("Identity", [x], [name], name=name))

    def constant(self, numbers: Any) -> str:
        """The name of these numbers."""
        array = np.asarray(numbers)
        array = np.ascontiguousarray(array, np.int64 if array.dtype.kind in "iu" else np.float32).reshape(array.shape)
        if array.size > SMALL:
            return self._kept(array)
        key = array.tobytes(), array.dtype.str, array.shape
        if key not in self._constants:
            self._constants[key] = self._kept(array)
        return self._constants[key]

    def weight(self, array: np.ndarray) -> str:
        """The name of trained weights."""
        small = array.astype(np.float16) if self.half else array
        if small is array or not np.array_equal(small, array):
            return self._kept(array)
        return self.Cast(self._kept(small), to=TensorProto.FLOAT)

    def _kept(self, array: np.ndarray) -> str:
        name = self._named("constant")
        self._stored.append(numpy_helper.from_array(array, name))
        return name

    def _named(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers)}"

    def side(self, x: str, axis: int) -> str:
        """How long x is along an axis: int64 [1]."""
        return self.Shape(x, start=axis, end=axis + 1)

    def cut(self, x: str, starts: Value, stops: Value, axes: Sequence[int], steps: Value = None) -> str:
        """What is from `starts` to before `stops` along `axes`, each `steps`-th."""
        return self.Slice(x, starts, stops, list(axes), [1] * len(axes) if steps is None else steps)

    def concat(self, parts: Sequence[Value], axis: int) -> str:
        """Side by side."""
        return self.add("Concat", parts, axis=axis)

    def range(self, stop: str) -> str:
        """The numbers from 0 to before `stop`, int64 [1]: int64 [stop]."""
        return self.Range(0, self.Squeeze(stop, [0]), 1)

    def choose(self, which: str, cases: Sequence[int], make: Callable[[Graph, int], str]) -> str:
        """What `make` makes of that one of the cases which `which`, int64 [1], is; of the first if it is none.

        It makes it in a graph of its own, which knows all that this one does.
        """
        first, *others = cases
        return self._chosen(which, [*others, first], make)

    def _chosen(self, which: str, cases: Sequence[int], make: Callable[[Graph, int], str]) -> str:
        case, *rest = cases
        if not rest:
            return make(self, case)
        then, otherwise = Graph(self.half, self._numbers), Graph(self.half, self._numbers)
        branches = then._branch(make(then, case)), otherwise._branch(otherwise._chosen(which, rest, make))
        same = self.Squeeze(self.Equal(which, [case]), [0])
        return self.If(same, then_branch=branches[0], else_branch=branches[1])

    def _branch(self, output: str) -> Any:
        outputs = [helper.make_empty_tensor_value_info(output)]
        return helper.make_graph(self._nodes, self._named("branch"), [], outputs, self._stored)

    def model(
        self,
        inputs: Mapping[str, tuple[int, Shape]],
        outputs: Mapping[str, Shape],
        description: str = "",
        properties: Mapping[str, str] | None = None,
    ) -> ModelProto:
        """The whole, with inputs of these TensorProto types and shapes, float32 outputs, and what it says of itself."""
        given = [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()]
        made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
        graph = helper.make_graph(self._nodes, PRODUCER, given, made, self._stored)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, producer_name=PRODUCER, doc_string=description)
        model.ir_version = IR_VERSION
        helper.set_model_props(model, dict(properties or {}))
        return model
