import types

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from dlss_tf import _compat


class Scale(keras.layers.Layer):
    def build(self, _):
        self.scale = _compat.add_float32_weight(self, "scale", (3,), keras.initializers.Constant(1 / 3))
        self.shift = _compat.add_float32_weight(self, "shift", (3,), "zeros", trainable=False)

    def call(self, inputs):
        return inputs * tf.cast(self.scale, inputs.dtype)


def model(*names, **options):
    inputs = outputs = keras.Input((3,))
    for name in names:
        outputs = Scale(name=name, **options)(outputs)
    return keras.Model(inputs, outputs)


def test_names_are_layer_and_weight_on_every_stack():
    found = model("first", "second")
    assert list(_compat.variables(found)) == ["first/scale", "first/shift", "second/scale", "second/shift"]
    assert list(_compat.variables(found, trainable_only=True)) == ["first/scale", "second/scale"]
    assert all(isinstance(variable, tf.Variable) for variable in _compat.variables(found).values())
    np.testing.assert_array_equal(_compat.arrays(found)["second/scale"], np.full(3, 1 / 3, np.float32))


def test_values_are_assigned_by_name():
    found = model("first", "second")
    values = {name: np.full_like(value, i) for i, (name, value) in enumerate(_compat.arrays(found).items())}
    _compat.assign(found, {**values, "another": np.ones(1)})
    assert all((value == values[name]).all() for name, value in _compat.arrays(found).items())
    del values["second/scale"]
    with pytest.raises(KeyError, match="second/scale"):
        _compat.assign(found, values)


def test_mixed_precision_leaves_weights_alone():
    layer = Scale(dtype="mixed_bfloat16")
    assert layer(tf.ones((1, 3))).dtype == tf.bfloat16
    assert _compat.tf_variable(layer.scale).dtype == tf.float32


def test_two_weights_of_one_name_are_an_error():
    both = types.SimpleNamespace(name="both", weights=2 * model("one").weights)
    with pytest.raises(AssertionError, match="both: two weights share a name"):
        _compat.variables(both)
