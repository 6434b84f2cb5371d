import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.layers import convolution
from dlss_tf.layers.convolution import convolve, convolve_transposed, filter_gradient


def processor(monkeypatch, avx512, on_x86=True):
    monkeypatch.setattr(convolution, "_on_x86", lambda: on_x86)
    monkeypatch.setattr(convolution, "_avx512", lambda: avx512)


@pytest.fixture
def any_size_pays(monkeypatch):
    processor(monkeypatch, avx512=False)
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
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-5 * np.abs(expected).max())


def operations(image, features, width, strides=1, training=True, dtype=tf.float32, batch=1):
    """Those of a convolution of features channels to width, on an image of that side, and its filter gradient."""

    def gradient(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            y = convolve(x, kernel, strides, training)
        return tape.gradient(y, kernel)

    x = tf.TensorSpec([batch, image, image, features], dtype)
    graph = tf.function(gradient).get_concrete_function(x, tf.TensorSpec([3, 3, features, width], dtype)).graph
    found = {operation.type for operation in graph.get_operations()}
    return found & {"MatMul", "BatchMatMulV2", "Conv2D", "Conv2DBackpropFilter"}


DIRECT, PRODUCT, WINOGRAD = {"Conv2DBackpropFilter", "Conv2D"}, {"MatMul", "Conv2D"}, {"MatMul", "BatchMatMulV2"}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"image": 256, "features": 64, "width": 64}, PRODUCT),
        ({"image": 512, "features": 32, "width": 64, "strides": 2}, PRODUCT),
        ({"image": 512, "features": 1, "width": 32}, DIRECT),
        ({"image": 64, "features": 64, "width": 64}, DIRECT),
        ({"image": 512, "features": 64, "width": 64, "batch": 16}, DIRECT),
        ({"image": 256, "features": 64, "width": 64, "batch": None}, DIRECT),
        ({"image": 256, "features": 64, "width": 64, "training": False}, DIRECT),
        ({"image": 256, "features": 64, "width": 64, "dtype": tf.bfloat16}, DIRECT),
    ],
    ids=["wide", "stride 2", "few channels", "small", "too large", "unknown batch", "inference", "bfloat16"],
)
def test_a_matrix_product_where_it_pays(monkeypatch, where, expected):
    processor(monkeypatch, avx512=False)
    assert operations(**where) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"image": 256, "features": 64, "width": 64}, DIRECT),
        ({"image": 256, "features": 64, "width": 128, "strides": 2}, PRODUCT),
        ({"image": 512, "features": 32, "width": 64, "strides": 2}, DIRECT),
    ],
)
def test_with_avx512_at_stride_2(monkeypatch, where, expected):
    processor(monkeypatch, avx512=True)
    assert operations(**where) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"image": 16, "features": 768, "width": 768}, WINOGRAD),
        ({"image": 8, "features": 192, "width": 192, "batch": 4}, WINOGRAD),
        ({"image": 8, "features": 192, "width": 192}, DIRECT),
        ({"image": 15, "features": 768, "width": 768}, DIRECT),
        ({"image": 64, "features": 64, "width": 64, "batch": 4}, DIRECT),
        ({"image": 16, "features": 768, "width": 768, "batch": None}, DIRECT),
        ({"image": 16, "features": 768, "width": 768, "training": False}, DIRECT),
        ({"image": 16, "features": 768, "width": 768, "dtype": tf.bfloat16}, DIRECT),
    ],
    ids=["paper", "quick", "small", "odd", "few channels", "unknown batch", "inference", "bfloat16"],
)
def test_winograd_where_it_pays(monkeypatch, where, expected):
    processor(monkeypatch, avx512=True)
    assert operations(**where) == expected


def test_gpus_and_other_processors_keep_their_own(monkeypatch):
    processor(monkeypatch, avx512=False, on_x86=False)
    assert operations(16, 768, 768) == operations(256, 64, 64) == DIRECT


def test_what_tells_processors_apart(monkeypatch, tmp_path):
    flags = tmp_path / "cpuinfo"
    monkeypatch.setattr(convolution, "Path", lambda name: flags)
    monkeypatch.setattr(convolution.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(convolution.tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    avx512, on_x86 = convolution._avx512.__wrapped__, convolution._on_x86.__wrapped__
    assert avx512()  # nothing known
    flags.write_text("flags : avx2 fma")
    assert not avx512()
    flags.write_text("flags : avx2 fma avx512f")
    assert avx512()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "avx2")
    assert not avx512()
    assert on_x86()
    monkeypatch.setattr(convolution.tf.config, "list_physical_devices", lambda kind: ["GPU:0"])
    assert not on_x86()
    monkeypatch.setattr(convolution.tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(convolution.platform, "machine", lambda: "aarch64")
    assert not on_x86()
