import numpy as np
import pytest
import tensorflow as tf
from golden import trace
from tensorflow import keras

from dlss_tf._compat import tf_variable
from dlss_tf.layers.spectral_norm import SpectralNormConv2D, SpectralNormDense, spectrally_normalized

try:
    import tensorflow_addons as tfa
except ImportError:
    tfa = None


def convolution(**options):
    return SpectralNormConv2D(16, name="layer", **options)


def dense(**options):
    return SpectralNormDense(6, name="layer", **options)


SHAPES = {convolution: (2, 10, 12, 3), dense: (5, 7)}
LAYERS = list(SHAPES)


def built(kind, rng, **options):
    layer = kind(**options)
    layer.build(SHAPES[kind])
    tf_variable(layer.bias).assign(rng.normal(size=layer.bias.shape))
    return layer


def inputs_of(kind, rng):
    return tf.constant(rng.normal(size=SHAPES[kind]), tf.float32)


def greatest_singular_value(kernel):
    kernel = np.asarray(kernel, np.float64)
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]))[1][0]


def test_matches_the_published_codes_trace():
    golden = trace("spectral_norm")
    w, u = tf.Variable(golden["w"]), tf.Variable(golden["u0"], trainable=False)
    for i in range(4):
        with tf.GradientTape() as tape:
            normalized = spectrally_normalized(w, u, training=True)
            loss = tf.reduce_sum(normalized * golden["cotangent"])
        for found, name in ((normalized, "w_normalized"), (u, "u_after"), (tape.gradient(loss, w), "gradient")):
            np.testing.assert_allclose(found, golden[name][i], rtol=1e-5, atol=1e-5 * np.abs(golden[name][i]).max())


@pytest.mark.parametrize("shape", [(4, 4, 8, 16), (4, 4, 16, 32), (40, 6), (40, 1)])
def test_greatest_singular_value_is_one_after_100_calls(rng, shape):
    w, u = (tf.Variable(rng.normal(0, 0.03, s), dtype=tf.float32) for s in (shape, (1, shape[-1])))
    for _ in range(100):
        normalized = spectrally_normalized(w, u, training=True)
    assert greatest_singular_value(normalized) == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("kind", LAYERS)
def test_is_keras_layer_with_the_normalised_kernel(rng, kind):
    layer, inputs = built(kind, rng), inputs_of(kind, rng)
    plain = {convolution: keras.layers.Conv2D(16, 4, 2), dense: keras.layers.Dense(6)}[kind]
    plain(inputs)
    tf_variable(plain.kernel).assign(spectrally_normalized(layer.kernel, layer.u, training=False))
    tf_variable(plain.bias).assign(tf_variable(layer.bias))
    np.testing.assert_allclose(layer(inputs), plain(inputs), atol=1e-5)


@pytest.mark.parametrize("kind", LAYERS)
def test_only_training_moves_u(rng, kind):
    layer, inputs = built(kind, rng), inputs_of(kind, rng)
    before = tf_variable(layer.u).numpy()
    layer(inputs)
    layer(inputs, training=False)
    np.testing.assert_array_equal(tf_variable(layer.u), before)
    layer(inputs, training=True)
    assert np.abs(tf_variable(layer.u) - before).max() > 0.01
    np.testing.assert_allclose(np.linalg.norm(tf_variable(layer.u)), 1, rtol=1e-5)


@pytest.mark.skipif(tfa is None, reason="TensorFlow Addons is not on this stack")
@pytest.mark.parametrize("kind", LAYERS)
def test_matches_addons_spectral_normalization(rng, kind):
    # Addons divides the stored kernel at every training call. u and W / sigma do not depend on W's scale, so that its
    # kernel after a call is our normalised one at that call, and both use it for the outputs.
    layer, inputs = built(kind, rng), inputs_of(kind, rng)
    plain = {convolution: keras.layers.Conv2D(16, 4, 2), dense: keras.layers.Dense(6)}[kind]
    reference = tfa.layers.SpectralNormalization(plain)
    reference.build(inputs.shape)
    for variable, ours in ((reference.w, layer.kernel), (reference.u, layer.u), (plain.bias, layer.bias)):
        variable.assign(ours)
    for _ in range(5):
        np.testing.assert_allclose(layer(inputs, training=True), reference(inputs, training=True), atol=2e-5)
        np.testing.assert_allclose(layer.u, reference.u, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_compiles(rng, kind, jit_compile):
    layer, inputs = built(kind, rng), inputs_of(kind, rng)
    start = tf_variable(layer.u).numpy()
    expected, expected_u = layer(inputs, training=True), tf_variable(layer.u).numpy()
    tf_variable(layer.u).assign(start)
    call = tf.function(lambda x: layer(x, training=True), jit_compile=jit_compile)
    np.testing.assert_allclose(call(inputs), expected, atol=1e-5)
    np.testing.assert_allclose(tf_variable(layer.u), expected_u, atol=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_variables_and_gradients_stay_float32_in_mixed_precision(rng, kind):
    layer, inputs = built(kind, rng, dtype="mixed_bfloat16"), inputs_of(kind, rng)
    with tf.GradientTape() as tape:
        outputs = layer(inputs, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32))
    assert outputs.dtype == tf.bfloat16
    weights = [tf_variable(weight) for weight in layer.weights]
    assert [weight.dtype for weight in weights] == [tf.float32] * 3
    assert [g.dtype for g in tape.gradient(loss, [tf_variable(layer.kernel), tf_variable(layer.bias)])] == [
        tf.float32,
        tf.float32,
    ]
    np.testing.assert_allclose(np.linalg.norm(tf_variable(layer.u)), 1, rtol=1e-5)


def test_initial_weights():
    layer = SpectralNormConv2D(64)
    layer.build((None, None, None, 64))
    kernel, u, bias = (tf_variable(v).numpy() for v in (layer.kernel, layer.u, layer.bias))
    assert kernel.std() == pytest.approx(0.03, rel=0.03)
    assert u.shape == (1, 64)
    assert u.std() == pytest.approx(0.03, rel=0.5)
    assert not bias.any()
    trainable = sorted(v.name.split("/")[-1].split(":")[0] for v in layer.trainable_weights)
    assert trainable == ["bias", "kernel"]


def test_static_shapes_and_config():
    layer = SpectralNormConv2D(5, 3, 1, name="conv")
    assert tuple(layer(keras.Input((70, 34, 2))).shape) == (None, 68, 32, 5)
    again = SpectralNormConv2D.from_config(layer.get_config())
    assert (again.filters, again.kernel_size, again.strides, again.name) == (5, 3, 1, "conv")
    layer = SpectralNormDense(4)
    assert tuple(layer(keras.Input((9,))).shape) == (None, 4)
    assert SpectralNormDense.from_config(layer.get_config()).units == 4
