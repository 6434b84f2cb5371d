import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.layers import convolution
from dlss_tf.layers.convolution import convolve, convolve_transposed, filter_gradient


@pytest.fixture
def any_size_pays(monkeypatch):
    monkeypatch.setattr(convolution, "_own_is_fast", lambda: False)
    monkeypatch.setattr(convolution, "LEAST_OPERATIONS", 0)
    monkeypatch.setattr(convolution, "LEAST_CHANNELS", 1)


@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("sides", [(8, 12), (7, 9), (3, 2)])
def test_filter_gradient_is_the_automatic_one_in_float64(rng, sides, k, strides):
    x = tf.constant(rng.normal(size=(2, *sides, 3)))
    kernel = tf.constant(rng.normal(size=(k, k, 3, 4)))
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        y = tf.nn.conv2d(x, kernel, strides, "SAME")
    dy = tf.constant(rng.normal(size=y.shape))
    expected = tape.gradient(y, kernel, dy)
    np.testing.assert_allclose(filter_gradient(x, dy, k, strides), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize(("ours", "kernel_shape"), [(convolve, (3, 3, 3, 4)), (convolve_transposed, (3, 3, 4, 3))])
def test_output_and_gradients_are_tensorflows(rng, any_size_pays, ours, kernel_shape, strides):
    x = tf.constant(rng.normal(size=(2, 8, 6, 3)), tf.float32)
    kernel = tf.constant(rng.normal(size=kernel_shape), tf.float32)
    results = []
    for training in (False, True):  # TensorFlow's, with our filter gradient
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = ours(x, kernel, strides, training)
            loss = tf.reduce_sum(tf.sin(y))
        results.append([y, *tape.gradient(loss, [x, kernel])])
    for expected, found in zip(*results):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def gradients(image, features, width, strides, training=True, dtype=tf.float32, batch=1):
    """Operations of the filter gradient of a convolution of features channels to width, on an image of that side."""

    def gradient(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            y = convolve(x, kernel, strides, training)
        return tape.gradient(y, kernel)

    x = tf.TensorSpec([batch, image, image, features], dtype)
    graph = tf.function(gradient).get_concrete_function(x, tf.TensorSpec([3, 3, features, width], dtype)).graph
    return {operation.type for operation in graph.get_operations()} & {"MatMul", "Conv2DBackpropFilter"}


@pytest.mark.parametrize(
    ("where", "operations"),
    [
        ({"image": 256, "features": 64, "width": 64, "strides": 1}, {"MatMul"}),
        ({"image": 512, "features": 32, "width": 64, "strides": 2}, {"MatMul"}),
        ({"image": 512, "features": 1, "width": 32, "strides": 1}, {"Conv2DBackpropFilter"}),
        ({"image": 64, "features": 64, "width": 64, "strides": 1}, {"Conv2DBackpropFilter"}),
        ({"image": 512, "features": 64, "width": 64, "strides": 1, "batch": 16}, {"Conv2DBackpropFilter"}),
        ({"image": 256, "features": 64, "width": 64, "strides": 1, "batch": None}, {"Conv2DBackpropFilter"}),
        ({"image": 256, "features": 64, "width": 64, "strides": 1, "training": False}, {"Conv2DBackpropFilter"}),
        ({"image": 256, "features": 64, "width": 64, "strides": 1, "dtype": tf.bfloat16}, {"Conv2DBackpropFilter"}),
    ],
    ids=["wide", "stride 2", "few channels", "small", "too large", "unknown batch", "inference", "bfloat16"],
)
def test_a_matrix_product_where_it_pays(monkeypatch, where, operations):
    monkeypatch.setattr(convolution, "_own_is_fast", lambda: False)
    assert gradients(**where) == operations


def test_avx512_and_what_switches_it_off(monkeypatch, tmp_path):
    flags = tmp_path / "cpuinfo"
    monkeypatch.setattr(convolution, "Path", lambda name: flags)
    monkeypatch.setattr(convolution.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(convolution.tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    own_is_fast = convolution._own_is_fast.__wrapped__
    assert own_is_fast()  # nothing known
    flags.write_text("flags : avx2 fma")
    assert not own_is_fast()
    flags.write_text("flags : avx2 fma avx512f")
    assert own_is_fast()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "avx2")
    assert not own_is_fast()
    monkeypatch.setattr(convolution.platform, "machine", lambda: "aarch64")
    assert own_is_fast()
