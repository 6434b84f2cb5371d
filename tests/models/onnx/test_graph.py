import numpy as np
import pytest
from onnx import TensorProto
from sessions import run, session

from dlss_tf.models.onnx.graph import END, Graph

NUMBERS = {"x": (TensorProto.FLOAT, ["n"])}


def given(graph, y):
    """A session of what gives y of x."""
    graph.output(y, "y")
    return session(graph.model(NUMBERS, {"y": ["m"]}))


def test_operations_by_their_names():
    graph = Graph()
    made = given(graph, graph.Clip(graph.Add(graph.Mul("x", 2.0), 1.0), 0.0, 4.0))
    np.testing.assert_array_equal(run(made, x=np.array([-3, 1, 2], np.float32))[0], [0, 3, 4])
    with pytest.raises(AttributeError, match="no_operation"):
        graph.no_operation  # noqa: B018


def test_equal_numbers_are_kept_once_but_for_their_kind():
    graph = Graph()
    assert graph.constant([1, 2]) == graph.constant(np.array([1, 2], np.int32))
    names = {graph.constant(each) for each in ([1, 2], [1.0, 2.0], [[1, 2]], 1, 1.0)}
    assert len(names) == 5


def test_weights_are_halved_where_nothing_is_lost():
    exact, inexact = np.array([0.5, 2], np.float32), np.array([0.1, 2], np.float32)
    for array, kind in ((exact, TensorProto.FLOAT16), (inexact, TensorProto.FLOAT)):
        graph = Graph(half=True)
        graph.output(graph.Add("x", graph.weight(array)), "y")
        model = graph.model(NUMBERS, {"y": ["m"]})
        assert [each.data_type for each in model.graph.initializer] == [kind]
        np.testing.assert_array_equal(run(session(model), x=np.zeros(2, np.float32))[0], array)


@pytest.mark.parametrize(("which", "times"), [(2, 2), (5, 5), (7, 7), (9, 2)])
def test_one_of_several_is_chosen_or_the_first(which, times):
    graph = Graph()
    chosen = graph.choose(graph.constant([which]), (2, 5, 7), lambda branch, case: branch.Mul("x", float(case)))
    assert run(given(graph, chosen), x=np.ones(3, np.float32))[0].tolist() == [times] * 3


def test_sides_ranges_and_cuts():
    graph = Graph()
    side = graph.side("x", 0)
    numbers = graph.Cast(graph.range(side), to=TensorProto.FLOAT)
    made = given(graph, graph.concat([graph.cut(numbers, [1], [END], [0], [2]), graph.cut("x", [-1], side, [0])], 0))
    np.testing.assert_array_equal(run(made, x=np.full(5, 9, np.float32))[0], [1, 3, 9])
