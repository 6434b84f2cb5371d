import numpy as np
import pytest
import tensorflow as tf

from dlss_tf._compat import variables
from dlss_tf.layers.spectral_norm import spectrally_normalized
from dlss_tf.models import discriminators as d

SEED = tf.constant([5, 7], tf.int64)


def networks(head="linear", seed=3, **options):
    models = d.discriminators(0.05, head, **options)
    d.initialize(models, seed)
    return models


def images(rng, batch=2, size=64):
    return [tf.constant(rng.random((batch, size, size, 1)), tf.float32) for _ in range(2)]


@pytest.mark.parametrize(("head", "extra"), [("linear", 2 * 2 * 512 + 1), ("sum", 0)])
def test_figure_12(head, extra):
    widths = [1, 64, 128, 256, 512]
    expected = sum(16 * a * b + b for a, b in zip(widths, widths[1:])) + extra
    models = d.discriminators(1.0, head)
    assert [model.name for model in models] == ["discriminator_70", "discriminator_140", "discriminator_280"]
    for model, side in zip(models, d.CROPS):
        weights = variables(model, trainable_only=True)
        assert all(name.startswith(f"discriminator_{side}_") for name in weights)
        assert sum(int(np.prod(v.shape)) for v in weights.values()) == expected
        assert model.output_shape == (None,)


def test_width_scales_channels_to_at_least_eight():
    shapes = [v.shape[-1] for k, v in variables(d.discriminators(0.1)[0]).items() if k.endswith("kernel")]
    assert shapes == [8, 13, 26, 51, 1]


def reference(model, images):
    """The network of fig. 12 in plain operations: features of its last convolution, and its linear layer's kernel."""
    weights = variables(model)
    x = images
    for i in range(1, 5):
        name = f"{model.name}_conv{i}"
        kernel = spectrally_normalized(weights[f"{name}/kernel"], weights[f"{name}/u"], training=False)
        x = tf.nn.conv2d(x, kernel, 2, "VALID") + weights[f"{name}/bias"]
        x = tf.where(x > 0, x, 0.2 * x)
    return tf.reshape(x, [len(images), -1]), weights


@pytest.mark.parametrize("head", d.HEADS)
def test_computes_figure_12(rng, head):
    model = networks(head)[1]
    for name, variable in variables(model).items():
        if name.endswith("bias"):
            variable.assign(rng.normal(size=variable.shape))
    crops = tf.constant(rng.uniform(-1, 1, (3, 70, 70, 1)), tf.float32)
    features, weights = reference(model, crops)
    if head == "sum":
        expected = tf.reduce_sum(features, 1)
    else:
        kernel = weights[f"{model.name}_linear/kernel"]
        expected = (features @ kernel)[:, 0] / tf.norm(kernel) + weights[f"{model.name}_linear/bias"]
    np.testing.assert_allclose(model(crops), expected, rtol=1e-4, atol=1e-4)


def test_unknown_head():
    with pytest.raises(ValueError, match="expected linear or sum, found 'mean'"):
        d.discriminators(0.1, "mean")


def test_initialisation_is_repeatable_and_separate():
    first, second, other = (
        [{k: v.numpy() for k, v in variables(m).items()} for m in networks(seed=s)] for s in (3, 3, 4)
    )
    for a, b in zip(first, second):
        assert all(np.array_equal(a[name], b[name]) for name in a)
    name = "discriminator_{}_conv4/kernel"
    assert not np.array_equal(first[0][name.format(70)], other[0][name.format(70)])
    assert not np.array_equal(first[0][name.format(70)], first[1][name.format(140)])
    assert first[0][name.format(70)].std() == pytest.approx(0.03, rel=0.05)
    assert not first[0]["discriminator_70_conv4/bias"].any()


def test_mixed_precision_keeps_float32_variables_and_output(rng):
    model = networks(dtype="mixed_bfloat16")[0]
    exact = networks()[0]
    crops = tf.constant(rng.uniform(-1, 1, (3, 70, 70, 1)), tf.float32)
    assert {v.dtype for v in variables(model).values()} == {tf.float32}
    outputs = model(crops)
    assert outputs.dtype == tf.float32
    assert np.abs(outputs - exact(crops)).max() > 0  # the convolutions did run in bfloat16
    np.testing.assert_allclose(outputs, exact(crops), atol=0.02)


def reflect_padded(image):
    """Padded by 140 px through TensorFlow's REFLECT, which reaches less than a side at once: again until enough."""
    left = d.PADDING
    while left:
        step = min(left, image.shape[1] - 1)
        image = tf.pad(image, [[0, 0], [step, step], [step, step], [0, 0]], "REFLECT")
        left -= step
    return image


@pytest.mark.parametrize("size", [32, 64, 150])
def test_crops_are_padded_cropped_and_resized_as_tensorflow_does(rng, size):
    real, generated = images(rng, 3, size)
    places = d._places(3, size, SEED)
    pairs = d.multiscale_crops(real, generated, SEED)
    assert len(pairs) == 3
    for side, place, pair in zip(d.CROPS, places, pairs):
        for image, found in zip((real, generated), pair):
            padded = reflect_padded(2 * image - 1)
            for i, (top, left) in enumerate(place.numpy().T):
                crop = padded[i : i + 1, top : top + side, left : left + side]
                assert crop.shape == (1, side, side, 1)
                np.testing.assert_allclose(found[i : i + 1], tf.image.resize(crop, (70, 70)), atol=1e-6)


def test_places_cover_the_padded_image_evenly_and_apart():
    size = 64
    for side, place in zip(d.CROPS, d._places(20_000, size, SEED)):
        count = size + 280 - side + 1
        assert place.shape == (2, 20_000)
        assert place.numpy().min() == 0
        assert place.numpy().max() == count - 1
        np.testing.assert_allclose(place.numpy().mean(1), (count - 1) / 2, rtol=0.03)
        assert abs(np.corrcoef(place)[0, 1]) < 0.03
    tops = np.array([place[0] for place in d._places(20_000, size, SEED)])
    assert np.abs(np.corrcoef(tops) - np.eye(3)).max() < 0.03


def test_places_are_the_same_when_xla_compiles():
    for batch in (1, 4, 5):
        compiled = tf.function(lambda seed, batch=batch: d._places(batch, 64, seed), jit_compile=True)
        np.testing.assert_array_equal(compiled(SEED), d._places(batch, 64, SEED))


def test_places_depend_on_the_seed_alone(rng):
    real, generated = images(rng)
    first, again = (d.multiscale_crops(real, generated, SEED) for _ in range(2))
    other = d.multiscale_crops(real, generated, SEED + 1)
    for a, b, c in zip(first, again, other):
        np.testing.assert_array_equal(a[0], b[0])
        assert not np.allclose(a[0], c[0])


def test_gradients_pass_to_the_generated_images(rng):
    real, generated = images(rng)
    with tf.GradientTape() as tape:
        tape.watch([real, generated])
        loss = tf.add_n([tf.reduce_sum(pair[1]) for pair in d.multiscale_crops(real, generated, SEED)])
    of_real, of_generated = tape.gradient(loss, [real, generated])
    assert of_real is None or not np.any(of_real)
    np.testing.assert_allclose(tf.reduce_sum(of_generated, (1, 2, 3)), 3 * 2 * 70 * 70, rtol=1e-4)


def test_training_step_compiles(rng):
    real, generated = images(rng)
    model = networks()[2]

    def step(real, generated):
        with tf.GradientTape() as tape:
            tape.watch(generated)
            crops = d.multiscale_crops(real, generated, SEED)[2]
            outputs = model(tf.concat(crops, 0), training=True)
            loss = tf.reduce_sum(outputs**2)
        return outputs, tape.gradient(loss, generated)

    start = [v.numpy() for v in variables(model).values()]
    expected = step(real, generated)
    for variable, value in zip(variables(model).values(), start):
        variable.assign(value)
    for found, wanted in zip(tf.function(step, jit_compile=True)(real, generated), expected):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())
    assert np.abs(expected[1]).max() > 0
