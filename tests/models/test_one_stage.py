import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from dlss_tf import lattice
from dlss_tf._compat import variables
from dlss_tf.config import ONE_STAGE_PRESETS
from dlss_tf.models import one_stage
from dlss_tf.models.one_stage import OneStage

RESIDUALS = [f"residual{i}_conv{j}" for i in range(1, 7) for j in (1, 2)]
CONVOLUTIONS = ["conv1", "conv2", "conv3", *RESIDUALS, "up1", "up2", "up3", "up4", "output"]


def network(factor=5, seed=3, width=0.05, **changes):
    config = ONE_STAGE_PRESETS["paper"].replace(factors=(factor,), width=width, **changes)
    networks = one_stage.build(config)
    one_stage.initialize(networks, seed)
    return networks.generator


def scan(rng, factor=5, size=64):
    crops = rng.random((2, size, size)).astype(np.float32)
    return tf.constant(lattice.infill(lattice.downsample(crops, factor), (size, size), factor)[..., None])


@pytest.mark.parametrize(("factor", "height", "width"), [(4, 64, 64), (5, 96, 128), (10, 64, 32), (16, 32, 32)])
def test_a_scan_of_any_factor_gives_the_whole_image(rng, factor, height, width):
    outputs = network(factor)(scan(rng, factor, 128)[:, :height, :width])
    assert outputs.shape == (2, height, width, 1)
    assert np.isfinite(outputs).all()


# round(sqrt(32 n)) by hand: sqrt(4096), sqrt(3296) = 57.4, sqrt(1664) = 40.8.
@pytest.mark.parametrize(("factor", "n", "middle"), [(4, 128, 64), (5, 103, 57), (10, 52, 41)])
def test_sides_at_512(factor, n, middle):
    model = network(factor)
    layers = keras.Model(model.inputs, {name: model.get_layer(name).output for name in CONVOLUTIONS})
    sides = {name: output.shape[1:3] for name, output in layers(tf.zeros([1, 512, 512, 1])).items()}
    assert sides["conv1"] == (n, n)
    assert sides["conv2"] == (middle, middle)
    assert {sides[name] for name in ["conv3", *RESIDUALS]} == {(32, 32)}
    assert [sides[f"up{i}"][0] for i in range(1, 5)] == [64, 128, 256, 512]
    assert sides["output"] == (512, 512)


def test_sees_the_sampled_pixels_alone(rng):
    """Pixels between the lattice's, infilled or not, change nothing; each sampled pixel does."""
    model, inputs = network(), scan(rng)
    sampled = np.zeros((64, 64, 1), bool)
    sampled[np.ix_(lattice.positions(64, 5), lattice.positions(64, 5))] = True
    np.testing.assert_array_equal(model(tf.where(sampled, inputs, 7.0)), model(inputs))
    np.testing.assert_array_equal(
        one_stage.SampledPixels(5)(inputs)[..., 0], lattice.downsample(inputs.numpy()[..., 0], 5)
    )


def test_channels_and_parameter_count_of_figure_9():
    weights = variables(network(width=1.0), trainable_only=True)
    channels_in = [1, 32, 64, *12 * [128], 128, 128, 96, 64, 32]
    channels_out = [32, 64, 128, *12 * [128], 128, 96, 64, 32, 1]
    for name, before, after in zip(CONVOLUTIONS, channels_in, channels_out, strict=True):
        transposed = name.startswith("up")
        assert weights[f"{name}/kernel"].shape == (3, 3, *((after, before) if transposed else (before, after)))
        assert weights[f"{name}_norm/beta"].shape == (before,)
    # Kernels 9 (32 + 2048 + 8192 + 12 16384 + 16384 + 12288 + 6144 + 2048 + 32), biases after all but the last, betas.
    assert sum(int(np.prod(v.shape)) for v in weights.values()) == 9 * 243_776 + 2080 + 2081 == 2_198_145


def test_variables_have_the_same_names_on_every_stack():
    names = set(variables(network()))
    norm_weights = ("beta", "moving_mean", "moving_variance", "frozen")
    expected = {f"{name}_norm/{weight}" for name in CONVOLUTIONS for weight in norm_weights}
    expected |= {f"{name}/{weight}" for name in CONVOLUTIONS for weight in ("kernel", "bias")} - {"output/bias"}
    assert names == expected


def resized(x, sides, rules=2):
    """Bilinear by NumPy: corners aligned, or outer edges by the first edition of the rules."""
    for axis, side in zip((1, 2), sides):
        n = x.shape[axis]
        places = np.linspace(0, n - 1, side) if rules > 1 else (np.arange(side) + 0.5) * n / side - 0.5
        x = np.apply_along_axis(lambda line, places=places, n=n: np.interp(places, np.arange(n), line), axis, x)
    return x.astype(np.float32)


def reference(x, weights, rules):
    """Inference by TensorFlow's own operations, written from figure 9."""

    def block(x, name, relu=True, side=None):
        x = tf.nn.relu(x) if relu else x
        parts = (weights[f"{name}_norm/{part}"] for part in ("moving_mean", "moving_variance", "beta"))
        x = tf.nn.batch_normalization(x, *parts, None, 1e-3)
        x = x if side is None else resized(x.numpy(), (side, side), rules)
        kernel = weights[f"{name}/kernel"]
        if name.startswith("up"):
            shape = (x.shape[0], 2 * x.shape[1], 2 * x.shape[2], kernel.shape[2])
            x = tf.nn.conv2d_transpose(x, kernel, shape, 2, "SAME")
        else:
            x = tf.nn.conv2d(x, kernel, 1, "SAME")
        return x + weights.get(f"{name}/bias", 0.0)

    x = block(x, "conv1", relu=False)
    x = block(x, "conv2", side=7)  # sqrt(13 4) = 7.2
    x = block(x, "conv3", side=4)
    for i in range(1, 7):
        x = x + block(block(x, f"residual{i}_conv1"), f"residual{i}_conv2")
    for name in ("up1", "up2", "up3", "up4", "output"):
        x = block(x, name)
    return x


@pytest.mark.parametrize("rules", [1, 2])
def test_layers_run_in_the_order_of_figure_9(rng, rules):
    model, inputs = (
        network(rules=rules),
        scan(rng) - 0.5,
    )  # negative too, or a ReLU before the first layer would not show
    for name, variable in variables(model).items():
        if name.endswith(("/bias", "/beta", "/moving_mean")):
            variable.assign(rng.normal(0, 0.3, variable.shape))
        if name.endswith("/moving_variance"):
            variable.assign(rng.uniform(0.5, 2, variable.shape))
    expected = reference(inputs[:, 2::5, 2::5], variables(model), rules).numpy()  # offset (64 mod 5) // 2
    np.testing.assert_allclose(model(inputs), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "xla"])
@pytest.mark.parametrize(("half_way", "sides"), [(True, (7, 9)), (False, (4, 6))])
def test_resizing_keeps_corners_and_is_linear_between(rng, half_way, sides, compiled):
    """sqrt(13 4) = 7.2, sqrt(14 6) = 9.2."""
    layer = one_stage.Resize(half_way)
    features, image = rng.normal(size=(2, 13, 14, 3)).astype(np.float32), tf.zeros([2, 64, 96, 1])
    outputs = tf.function(layer, jit_compile=compiled)([tf.constant(features), image]).numpy()
    assert outputs.shape == (2, *sides, 3)
    np.testing.assert_allclose(outputs, resized(features, sides), atol=1e-5)
    np.testing.assert_allclose(outputs[:, :: sides[0] - 1, :: sides[1] - 1], features[:, ::12, ::13], atol=1e-6)


def test_resizing_keeps_bfloat16(rng):
    features = rng.normal(size=(1, 13, 13, 3)).astype(np.float32)
    outputs = one_stage.Resize(False, dtype="mixed_bfloat16")([tf.constant(features), tf.zeros([1, 64, 64, 1])])
    assert outputs.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), resized(features, (4, 4)), atol=0.05)


def test_initialisation_is_xavier_and_repeatable_by_seed():
    first, second, other = (variables(network(seed=seed)) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
        if name.endswith(("/bias", "/beta")):
            assert not np.any(first[name])
    for name, channels in (("conv2/kernel", 16), ("up1/kernel", 16), ("output/kernel", 9)):
        assert not np.array_equal(first[name], other[name])
        assert np.abs(first[name]).max() == pytest.approx(np.sqrt(6 / (9 * channels)), rel=0.1)
        assert np.abs(first[name]).max() <= np.sqrt(6 / (9 * channels))


# Recorded with TensorFlow 2.15: other stacks must draw the same.
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("conv1/kernel", [-0.16552410, 0.23914927, 0.01756838]),
        ("residual6_conv2/kernel", [-0.05746034, 0.17291358, -0.15031281]),
        ("up4/kernel", [-0.17855884, -0.15311760, -0.17145440]),
    ],
)
def test_every_stack_draws_the_same_kernels(name, values):
    np.testing.assert_allclose(variables(network())[name].numpy().ravel()[:3], values, rtol=1e-6)


def test_freezing_makes_training_and_inference_one_function_without_a_new_trace(rng):
    model, inputs = network(), scan(rng)
    traces = []

    @tf.function
    def train(x):
        traces.append(x)
        return model(x, training=True)

    before = train(inputs)
    assert variables(model)["conv2_norm/moving_mean"].numpy().any()
    assert not np.allclose(before, model(inputs, training=False), rtol=1e-2)
    one_stage.freeze(OneStage(model))
    weights = {name: variable.numpy() for name, variable in variables(model).items()}
    inference = model(inputs, training=False).numpy()
    np.testing.assert_allclose(train(inputs), inference, rtol=1e-4, atol=1e-5 * np.abs(inference).max())
    for name, variable in variables(model).items():
        np.testing.assert_array_equal(variable, weights[name])
    assert len(traces) == 1


def test_a_checkpoint_holds_that_it_is_frozen(rng, tmp_path):
    model, resumed, inputs = network(), network(seed=4), scan(rng)
    one_stage.freeze(OneStage(model))
    path = tf.train.Checkpoint(generator=variables(model)).write(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(generator=variables(resumed)).read(path).assert_consumed()
    np.testing.assert_allclose(resumed(inputs, training=True), model(inputs, training=False), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(variables(resumed)["conv1_norm/moving_mean"], 0)


def test_l2_penalty_is_half_the_sum_of_squared_kernels():
    model = network()
    weights = variables(model)
    weights["conv1/bias"].assign_add(tf.ones(8))
    weights["conv2_norm/beta"].assign_add(tf.ones(8))
    squares = sum(np.square(v.numpy(), dtype=np.float64).sum() for k, v in weights.items() if k.endswith("/kernel"))
    assert float(one_stage.l2_penalty(model)) == pytest.approx(0.5e-5 * squares, rel=1e-5)


def test_every_weight_gets_a_gradient(rng):
    model, inputs = network(), scan(rng)
    weights = variables(model, trainable_only=True)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(inputs, training=True) - 1))
    for name, gradient in tape.gradient(loss, weights).items():
        assert np.any(gradient), name


def test_mixed_precision_keeps_float32_variables_and_output(rng):
    model, inputs = network(mixed_precision=True), scan(rng)
    assert model.get_layer("up4").compute_dtype == "bfloat16"
    assert model.get_layer("up4").output.dtype in ("bfloat16", tf.bfloat16)
    outputs = model(inputs)
    assert outputs.dtype == tf.float32
    assert {v.dtype for v in variables(model).values()} == {tf.float32}
    exact = network()(inputs)
    assert not np.array_equal(outputs, exact)
    np.testing.assert_allclose(outputs, exact, atol=0.05 * np.abs(exact).max())
