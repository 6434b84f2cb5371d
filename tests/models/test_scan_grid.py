import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import lattice
from dlss_tf._compat import variables
from dlss_tf.config import SCAN_GRID_PRESETS
from dlss_tf.data.examples import interpolate
from dlss_tf.errors import InputError
from dlss_tf.models import generators, scan_grid, wiring

FACTORS = (2, 5, 12)


@pytest.fixture(scope="module")
def config():
    return SCAN_GRID_PRESETS["quick"].replace(factors=FACTORS, width=0.2)


@pytest.fixture(scope="module")
def generator(config):
    """Drawn at random, to the last layer."""
    networks = scan_grid.build(config)
    scan_grid.initialize(networks, seed=3)
    random = np.random.default_rng(1)
    for name, variable in variables(networks.generator).items():
        if "/kernel_" in name:
            variable.assign(random.normal(0, 0.1, variable.shape))
    return networks.generator


def infilled(rng, factor, height=60, width=77):
    crops = rng.random((2, height, width)).astype(np.float32)
    return tf.constant(lattice.infill(lattice.downsample(crops, factor), (height, width), factor)[..., None])


def start(config):
    networks = scan_grid.build(config)
    scan_grid.initialize(networks, seed=3)
    return networks.generator


def complete(config, generator, images, factor):
    return generators.complete(config, generator, images, tf.constant(factor)).numpy()


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(("height", "width"), [(96, 100), (101, 97), (25, 24)])
def test_an_image_of_any_size_comes_out_whole(config, generator, rng, factor, height, width):
    outputs = complete(config, generator, infilled(rng, factor, height, width), factor)
    assert outputs.shape == (2, height, width, 1)
    assert np.isfinite(outputs).all()


@pytest.mark.parametrize("factor", FACTORS)
def test_starts_as_bilinear_interpolation_of_filtered_scans(config, rng, factor, monkeypatch):
    images = infilled(rng, factor)
    filtered = complete(config, start(config), images, factor)
    monkeypatch.setattr(wiring, "STRENGTHS", (0.0, 0.0))
    outputs = complete(config, start(config), images, factor)
    rows, columns = (lattice.positions(side, factor) for side in (60, 77))
    samples = images.numpy()[:, rows[:, None], columns]
    np.testing.assert_allclose(outputs[:, rows[:, None], columns], samples, atol=1e-5)
    if factor % 2:
        expected = interpolate(images, tf.constant([factor, factor]), [factor])
        inside = slice(factor, -factor)
        np.testing.assert_allclose(outputs[:, inside, inside], expected[:, inside, inside], atol=1e-5)
    if factor < 12:  # of which there are hardly any samples; the images are noise alone
        assert filtered[:, rows[:, None], columns].std() < 0.7 * samples.std()


def test_sees_the_samples_alone(config, generator, rng):
    images = infilled(rng, 5)
    sampled = np.zeros((60, 77, 1), bool)
    sampled[np.ix_(lattice.positions(60, 5), lattice.positions(77, 5))] = True
    others = tf.where(sampled, images, 7.0)
    np.testing.assert_array_equal(complete(config, generator, others, 5), complete(config, generator, images, 5))


def test_moves_with_the_samples(config, generator, rng):
    """A scan 16 samples on, the longest step between windows, gives an image 16 samples on, away from the borders."""
    wide = rng.random((1, 160, 176)).astype(np.float32)
    wide[0, 80, 88:90] = 0, 1  # in both, so that both have one scale
    images = [lattice.infill(part, (320, 320), 2)[..., None] for part in (wide[..., :160], wide[..., 16:])]
    first, second = (complete(config, generator, tf.constant(image), 2)[0, :, :, 0] for image in images)
    np.testing.assert_allclose(first[150:170, 182:202], second[150:170, 150:170], atol=1e-4)


def test_factors_have_heads_of_their_own_and_one_body(config, generator):
    names = set(variables(generator))
    assert {f"heads/kernel_{s}" for s in FACTORS} | {f"heads/bias_{s}" for s in FACTORS} == {
        name for name in names if name.startswith("heads/")
    }
    assert {name.split("/")[0] for name in names} >= {"first", "down1_residual1_conv1", "halve2", "double1"}


def test_weights_fit_a_checkpoint_of_20_mb():
    assert 2.6e6 < scan_grid.build(SCAN_GRID_PRESETS["quick"]).generator.count_params() < 2.8e6


def test_outputs_stay_within_a_tenth_of_the_samples_range(config, generator, rng):
    for kernel in (variables(generator)["heads/kernel_5"],):
        kept = kernel.numpy()
        kernel.assign(100 * kept)
        outputs = complete(config, generator, infilled(rng, 5), 5)
        kernel.assign(kept)
    assert outputs.min() == np.float32(-0.1)
    assert outputs.max() == np.float32(1.1)


@pytest.mark.parametrize("factor", FACTORS)
def test_finds_the_factor_of_infilled_images(rng, factor):
    image = infilled(rng, factor)
    assert scan_grid.infilled_by(image, FACTORS) == factor
    assert scan_grid.infilled_by(tf.concat([image, tf.ones_like(image)], 0), FACTORS) == factor
    assert scan_grid.infilled_by(tf.constant(rng.random((1, 60, 77, 1)), tf.float32), FACTORS) == 0
    assert scan_grid.infilled_by(tf.ones([1, 60, 77, 1]), FACTORS) == max(FACTORS)


def test_images_infilled_by_several_factors_have_none_in_common(rng):
    by_12, by_4 = (lattice.infill(rng.random((1, *[lattice.count(512, s)] * 2)), (512, 512), s) for s in (12, 4))
    factors = (4, 5, 12)
    both = tf.constant(np.concatenate([by_12, by_4])[..., None])  # that by 12 is infilled by 4, too, at this size
    assert scan_grid.infilled_by(both[:1], factors) == 12 and scan_grid.infilled_by(both[:1], (4, 5)) == 4
    assert scan_grid.infilled_by(both, factors) == 0


def test_trained_weights_come_back(config, generator, rng):
    arrays = {name: variable.numpy() for name, variable in variables(generator).items()}
    images = infilled(rng, 5)
    again = generators.trained(config, arrays)
    np.testing.assert_allclose(complete(config, again, images, 5), complete(config, generator, images, 5), atol=1e-6)
    del arrays["heads/bias_5"]
    with pytest.raises(InputError, match="bias_5"):
        generators.trained(config, arrays)
