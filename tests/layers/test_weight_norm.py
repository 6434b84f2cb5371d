import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from dlss_tf._compat import tf_variable
from dlss_tf.layers.weight_norm import WeightNormConv2D, WeightNormConv2DTranspose, channel_scale, weight_normalized

try:
    import tensorflow_addons as tfa
except ImportError:
    tfa = None

LAYERS = [WeightNormConv2D, WeightNormConv2DTranspose]


def built(kind, strides, rng, channels=3, filters=4):
    layer = kind(filters, 3, strides)
    layer.build((None, None, None, channels))
    tf_variable(layer.g).assign(rng.uniform(0.5, 2, filters))
    return layer


def output_axis(kind):
    return 2 if kind is WeightNormConv2DTranspose else 3


@pytest.mark.parametrize("kind", LAYERS)
def test_kernel_has_norm_g_in_each_output_channel(rng, kind):
    layer = built(kind, 1, rng)
    axes = tuple(axis for axis in range(4) if axis != output_axis(kind))
    kernel, v = layer.kernel().numpy(), tf_variable(layer.v).numpy()
    np.testing.assert_allclose(np.sqrt((kernel**2).sum(axes)), tf_variable(layer.g).numpy(), rtol=1e-5)
    cosine = (kernel * v).sum(axes) / np.sqrt((kernel**2).sum(axes) * (v**2).sum(axes))
    np.testing.assert_allclose(cosine, 1, rtol=1e-5)


@pytest.mark.parametrize("axes", [(0, 1, 2), (0, 1, 3)])
def test_written_out_gradient_equals_the_automatic_one_in_float64(rng, axes):
    v, dw = (tf.constant(rng.normal(size=(3, 3, 4, 5))) for _ in range(2))
    g = tf.constant(rng.uniform(0.5, 2, 5 if axes[-1] == 2 else 4))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([v, g])
        ours = weight_normalized(v, g, axes)
        automatic = tf.nn.l2_normalize(v, axes) * (g if axes[-1] == 2 else g[:, None])
    np.testing.assert_allclose(ours, automatic, rtol=1e-13)
    for ours_gradient, expected in zip(tape.gradient(ours, [v, g], dw), tape.gradient(automatic, [v, g], dw)):
        np.testing.assert_allclose(ours_gradient, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("axes", [(0, 1, 2), (0, 1, 3)])
def test_scale_and_its_written_out_gradient_in_float64(rng, axes):
    v = tf.constant(rng.normal(size=(3, 3, 4, 5)))
    g, ds = (tf.constant(rng.uniform(0.5, 2, 5 if axes[-1] == 2 else 4)) for _ in range(2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([v, g])
        ours = channel_scale(v, g, axes)
        automatic = g / tf.sqrt(tf.reduce_sum(v**2, axes))
    np.testing.assert_allclose(ours, automatic, rtol=1e-13)
    for ours_gradient, expected in zip(tape.gradient(ours, [v, g], ds), tape.gradient(automatic, [v, g], ds)):
        np.testing.assert_allclose(ours_gradient, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("kind", LAYERS)
def test_few_outputs_are_scaled_in_training_in_place_of_many_weights(rng, kind, strides):
    """To the same outputs and gradients as inference, which scales the weights."""
    layer = built(kind, strides, rng, channels=32, filters=5)
    inputs = tf.constant(rng.normal(size=(2, 4, 6, 32)), tf.float32)
    many_outputs = tf.constant(rng.normal(size=(2, 40, 6, 32)), tf.float32)

    def multiplied(training, inputs):
        """Sizes of what is multiplied elementwise."""
        graph = tf.function(lambda x: layer(x, training=training)).get_concrete_function(inputs).graph
        return {
            operation.outputs[0].shape.num_elements() for operation in graph.get_operations() if operation.type == "Mul"
        }

    kernel, outputs = 3 * 3 * 32 * 5, int(np.prod(layer(inputs).shape))
    assert kernel not in multiplied(True, inputs) and outputs in multiplied(True, inputs)
    assert kernel in multiplied(True, many_outputs) and kernel in multiplied(False, inputs)
    results = []
    for training in (True, False):
        with tf.GradientTape() as tape:
            y = layer(inputs, training=training)
            loss = tf.reduce_sum(tf.sin(y))
        results.append([y, *tape.gradient(loss, [tf_variable(layer.v), tf_variable(layer.g)])])
    for ours, expected in zip(*results):
        # float32, summed in an order that threads decide
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize(
    ("kind", "plain"), [(WeightNormConv2D, "Conv2D"), (WeightNormConv2DTranspose, "Conv2DTranspose")]
)
def test_is_keras_convolution_with_that_kernel(rng, kind, plain, strides):
    layer = built(kind, strides, rng)
    reference = getattr(keras.layers, plain)(4, 3, strides, padding="same", use_bias=False)
    inputs = tf.constant(rng.normal(size=(2, 6, 8, 3)), tf.float32)
    reference(inputs)
    tf_variable(reference.weights[0]).assign(layer.kernel())
    np.testing.assert_allclose(layer(inputs), reference(inputs), atol=1e-5)


@pytest.mark.skipif(tfa is None, reason="TensorFlow Addons is not on this stack")
@pytest.mark.parametrize("strides", [1, 2])
def test_matches_addons_weight_normalization(rng, strides):
    layer = built(WeightNormConv2D, strides, rng)
    plain = keras.layers.Conv2D(4, 3, strides, padding="same", use_bias=False)
    reference = tfa.layers.WeightNormalization(plain, data_init=False)
    inputs = tf.constant(rng.normal(size=(2, 6, 8, 3)), tf.float32)
    reference(inputs)
    reference.v.assign(layer.v)
    reference.g.assign(layer.g)
    with tf.GradientTape(persistent=True) as tape:
        ours, theirs = layer(inputs), reference(inputs)
        losses = [tf.reduce_sum(tf.sin(outputs)) for outputs in (ours, theirs)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    for variable, addons_variable in ((layer.v, reference.v), (layer.g, reference.g)):
        expected = tape.gradient(losses[1], addons_variable)
        np.testing.assert_allclose(
            tape.gradient(losses[0], tf_variable(variable)), expected, atol=2e-5 * np.abs(expected).max()
        )


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("kind", LAYERS)
def test_initialisation_pass_gives_unit_variance(rng, kind, strides):
    layer = built(kind, strides, rng)
    inputs = tf.constant(rng.normal(2, 3, size=(1, 32, 32, 3)), tf.float32)
    layer.initializing = True
    during = layer(inputs)
    layer.initializing = False
    np.testing.assert_allclose(tf.math.reduce_std(during, (0, 1, 2)), 1, atol=1e-3)
    np.testing.assert_array_equal(layer(inputs), during)


def test_initialisation_divides_by_the_deviation_with_g_one(rng):
    layer = built(WeightNormConv2D, 1, rng)
    inputs = tf.constant(rng.normal(size=(1, 16, 16, 3)), tf.float32)
    tf_variable(layer.g).assign(tf.ones(4))
    variance = np.var(layer(inputs).numpy(), (0, 1, 2))
    tf_variable(layer.g).assign(tf.fill([4], 7.0))
    layer.initializing = True
    layer(inputs)
    np.testing.assert_allclose(tf_variable(layer.g), 1 / np.sqrt(variance + 1e-8), rtol=1e-5)


@pytest.mark.parametrize("kind", LAYERS)
def test_variables_and_gradients_stay_float32_in_mixed_precision(rng, kind):
    layer = kind(4, 3, 2, dtype="mixed_bfloat16")
    with tf.GradientTape() as tape:
        outputs = layer(tf.constant(rng.normal(size=(1, 8, 8, 3)), tf.bfloat16))
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32))
    assert outputs.dtype == tf.bfloat16
    gradients = tape.gradient(loss, [tf_variable(layer.v), tf_variable(layer.g)])
    assert [gradient.dtype for gradient in gradients] == [tf.float32, tf.float32]


@pytest.mark.parametrize("kind", LAYERS)
def test_static_shapes_and_config(kind):
    layer = kind(4, 5, 2, name="up")
    symbolic = layer(keras.Input((32, 48, 3)))
    scale = {WeightNormConv2D: 0.5, WeightNormConv2DTranspose: 2}[kind]
    assert tuple(symbolic.shape) == (None, 32 * scale, 48 * scale, 4)
    config = layer.get_config()
    again = kind.from_config(config)
    assert (again.filters, again.kernel_size, again.strides, again.name) == (4, 5, 2, "up")
