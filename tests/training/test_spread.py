import functools

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import lattice
from dlss_tf._compat import arrays, variables
from dlss_tf.config import preset
from dlss_tf.data.files import list_files
from dlss_tf.layers.blur import blur_target
from dlss_tf.models import scan_grid
from dlss_tf.progress import Progress
from dlss_tf.training import spread

CONFIG = preset("quick", "scan-grid").replace(factors=(4,), width=0.2, size=96)
pytestmark = pytest.mark.usefixtures("few_layers")


@pytest.fixture
def generator():
    return generator_of(CONFIG)


def generator_of(config):
    networks = scan_grid.build(config)
    scan_grid.initialize(networks)
    return arrays(networks.generator)


def test_learns_where_errors_are_large_and_leaves_the_generator(generator, rng):
    """Noise in the right half alone; the head is trained on it, and what it then tells is the greater there."""
    made, head = spread.networks(CONFIG, generator)
    step, _ = spread.spread_step(CONFIG, made, head, 200)
    crops = np.full((4, 96, 96, 1), 0.5, np.float32)
    crops[:, :, 48:] += rng.normal(0, 0.1, (4, 96, 48, 1))
    crops[:, 0, 0], crops[:, 4, 4] = 0, 1
    losses = [float(step(tf.constant(crops), tf.constant(4), tf.constant(i, tf.int64))) for i in range(200)]
    assert np.mean(losses[-5:]) < losses[0] - 0.05
    unit, _ = spread.in_scan_scale(tf.constant(crops), tf.constant(4))
    deviation = head.both([unit, tf.fill([4], 4)])[1].numpy()[:, 16:-16]
    assert deviation[:, :, 60:-16].mean() > 1.5 * deviation[:, :, 16:36].mean()
    for name, variable in variables(made.generator).items():
        np.testing.assert_array_equal(variable, generator[name])


def test_samples_span_the_scale(rng):
    crops = tf.constant(rng.random((2, 97, 97, 1)), tf.float32)
    unit, target = spread.in_scan_scale(crops, tf.constant(4))
    samples = lattice.downsample(unit.numpy()[..., 0], 4)
    np.testing.assert_allclose([samples.min((1, 2)), samples.max((1, 2))], [[0, 0], [1, 1]], atol=1e-6)
    np.testing.assert_allclose(target, blur_target(unit), atol=1e-4)


@pytest.fixture
def built_once(monkeypatch):
    """Generators of one configuration, whose weights every fit sets anew."""
    monkeypatch.setattr(scan_grid, "build", functools.cache(scan_grid.build))


@pytest.mark.usefixtures("built_once")
def test_goes_on_bit_exactly_where_it_was(tiny_data, tmp_path, monkeypatch):
    files = list_files([tiny_data], "train")
    config = CONFIG.replace(size=64, factors=(4, 5))
    run = str(tmp_path / "run")
    arguments = (config, generator_of(config), files, 6, 3)
    expected = spread.fit(*arguments, str(tmp_path / "whole"))

    class Interrupted(Progress):
        def update(self, done, note):
            if done == 4:
                raise KeyboardInterrupt

    monkeypatch.setattr(spread, "SAVE_EVERY", -1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(spread, "Progress", Interrupted)
        spread.fit(*arguments, run)

    class Started(Exception):
        pass

    def starting(*given, start):
        raise Started(start)

    with monkeypatch.context() as patch:
        patch.setattr(spread, "Progress", starting)
        with pytest.raises(Started, match="^3$"):
            spread.fit(*arguments, run)
        with pytest.raises(Started, match="^0$"):
            spread.fit(*arguments[:-1], 4, run)  # another seed is another fit
    found = spread.fit(*arguments, run)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
    spread.forget(run)
    monkeypatch.setattr(spread, "Progress", starting)
    with pytest.raises(Started, match="^0$"):
        spread.fit(*arguments, run)


def test_a_damaged_note_of_how_far_it_is_begins_anew(tiny_data, tmp_path):
    config = CONFIG.replace(size=64)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "spread-part.npz").write_bytes(b"PK")
    assert spread.fit(config, generator_of(config), list_files([tiny_data], "train"), 1, 0, str(tmp_path))
