import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import weights
from dlss_tf._compat import variables
from dlss_tf.errors import InputError
from dlss_tf.evaluation.silence import format_silence, measure, silent_channels
from dlss_tf.models import two_stage


def silenced(run, destination, **changes):
    """A run's weights with channels that never become positive, and the layers that have some."""
    config, arrays = weights.load(run)
    layers = ["inner_conv2", "inner_up2", "outer_residual2_conv3", "outer_conv3"]
    for layer in layers:
        arrays[f"{layer}_norm/bias"][[1, 4]] = -1e9
    config.replace(**changes).save_in(destination)
    weights.save(destination, arrays)
    return layers


@pytest.mark.parametrize("activation", ["relu", "leaky"])
def test_channels_that_are_never_positive_are_silent(tiny_run, tiny_data, tmp_path, activation):
    run = str(tmp_path / "silenced")
    layers = silenced(tiny_run, run, activation=activation)
    found = measure(run, [tiny_data], size=64)
    assert list(found)[:2] == ["inner_conv1", "inner_conv2"] and list(found)[-1] == "outer_conv3"
    assert len(found) == 1 + 4 + 18 + 4 + 2 + 9 + 2
    for layer in layers:
        assert found[layer].dtype == bool and found[layer][[1, 4]].all(), layer
    assert not measure(tiny_run, [tiny_data], size=64)["inner_conv1"].any()


def test_one_active_pixel_in_one_of_all_images_is_enough(tiny_config, rng):
    networks = two_stage.build(tiny_config)
    two_stage.initialize(networks, size=64)
    bias = variables(networks.generator)["inner_conv1_norm/bias"]
    images = [tf.constant(rng.random((1, 64, 64, 1)), tf.float32) for _ in range(3)]
    layer = networks.inner.get_layer("inner_conv1_norm")
    before = tf.keras.Model(networks.inner.inputs, layer.output)
    highest = np.stack([tf.reduce_max(before(image), (0, 1, 2)) for image in images])
    second, first = np.sort(highest[:, 0])[-2:]
    bias.assign(tf.tensor_scatter_nd_update(bias, [[0]], [-(first + second) / 2]))
    for chosen in (images, [images[i] for i in np.argsort(highest[:, 0])[:2]]):
        assert silent_channels(networks.generator, chosen)["inner_conv1"][0] == (len(chosen) == 2)


def test_format_names_layers_and_adds_up():
    text = format_silence({"inner_conv1": np.array([True, False, True]), "outer_conv3": np.array([False])})
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["inner_conv1", "2", "/", "3"], ["outer_conv3", "0", "/", "1"], ["all", "2", "/", "4"],
    ]  # fmt: skip


def test_refuses_a_one_stage_generator(tiny_one_stage_run, tiny_data):
    with pytest.raises(InputError, match="expected those of a two-stage generator, found a one-stage one"):
        measure(tiny_one_stage_run, [tiny_data], size=64)
