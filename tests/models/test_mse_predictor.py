import numpy as np
import pytest
import tensorflow as tf

from dlss_tf._compat import variables
from dlss_tf.models import mse_predictor as m

SEED = tf.constant([5, 7], tf.int64)


def predictor(seed=0):
    model = m.mse_predictor()
    m.initialize(model, seed)
    return model


def test_figure_3(rng):
    model = predictor()
    crops = rng.random((7, 25)).astype(np.float32)
    weights = {name: variable.numpy() for name, variable in variables(model).items()}
    x = crops
    for i in (1, 2, 3):
        x = x @ weights[f"mse_predictor_dense{i}/kernel"] + weights[f"mse_predictor_dense{i}/bias"]
        x = np.maximum(x, 0) if i < 3 else x
    assert sum(w.size for w in weights.values()) == 26 * 100 + 101 * 200 + 201
    assert model(crops).shape == (7,)
    np.testing.assert_allclose(model(crops), x[:, 0], rtol=1e-4, atol=1e-6)


def test_initial_weights_are_repeatable_by_seed():
    first, again, other = (variables(predictor(seed)) for seed in (1, 1, 2))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
        if name.endswith("/kernel"):
            assert not np.array_equal(first[name], other[name])
            assert np.abs(first[name]).max() == pytest.approx(np.sqrt(6 / sum(first[name].shape)), rel=0.05)


def test_crops_are_square_pieces_at_random_places():
    size = 9
    ramp = np.arange(2 * size**2, dtype=np.float32).reshape(2, size, size, 1)
    crops = m.random_crops(tf.constant(ramp), SEED, count=600).numpy()
    assert crops.shape == (2, 600, 25)
    square = (np.arange(5)[:, None] * size + np.arange(5)).reshape(-1)
    for example in (0, 1):
        corner = crops[example, :, 0] - ramp[example, 0, 0, 0]
        np.testing.assert_array_equal(crops[example], crops[example, :, :1] + square)
        places = np.array(np.divmod(corner, size))
        assert len(np.unique(places, axis=1).T) == 25  # all of 5 x 5
        assert places.min() == 0
        assert places.max() == 4
    assert not np.array_equal(crops[0], crops[1] - ramp[1, 0, 0, 0])


def test_count_side_and_seed():
    targets = tf.reshape(tf.range(400.0), [1, 20, 20, 1])
    crops = m.random_crops(targets, SEED)
    assert crops.shape == (1, 20, 25)
    assert m.random_crops(targets, SEED, count=3, side=2).shape == (1, 3, 4)
    np.testing.assert_array_equal(crops, m.random_crops(targets, SEED))
    assert not np.array_equal(crops, m.random_crops(targets, SEED + 1))


def test_predictions_are_of_each_crop(rng):
    model, crops = predictor(), tf.constant(rng.random((3, 4, 25)), tf.float32)
    each = np.stack([model(crops[i]) for i in range(3)])
    np.testing.assert_allclose(m.predictions(model, crops), each, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiles(rng, jit_compile):
    model, targets = predictor(), tf.constant(rng.random((2, 32, 32, 1)), tf.float32)

    def predicted(targets):
        return m.predictions(model, m.random_crops(targets, SEED))

    compiled = tf.function(predicted, jit_compile=jit_compile)
    np.testing.assert_allclose(compiled(targets), predicted(targets), rtol=1e-4)
