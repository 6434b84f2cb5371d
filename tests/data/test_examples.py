import numpy as np
import pytest
import tensorflow as tf
from golden import real_image, trace

from dlss_tf import lattice
from dlss_tf.data.crops import scale_to_unit
from dlss_tf.data.examples import draw_factors, infill, interpolate, make_example, to_crop_scale
from dlss_tf.evaluation.interpolation import lattice_bilinear


@pytest.fixture
def crops(rng):
    crops = rng.random((3, 64, 64, 1)).astype(np.float32)
    crops[:, 0, 0] = 0
    crops[:, 1, 0] = 1
    return crops


def test_infill_is_the_lattices_with_a_factor_an_example(crops):
    factors = [2, 5, 16]
    filled = infill(tf.constant(crops), tf.constant(factors)).numpy()
    for crop, factor, result in zip(crops[..., 0], factors, filled[..., 0], strict=True):
        expected = lattice.infill(lattice.downsample(crop, factor), crop.shape, factor)
        np.testing.assert_array_equal(result, expected)


def test_interpolation_is_bilinear_on_the_true_lattice(crops):
    crops, factors = np.repeat(crops[:1], 7, 0), list(lattice.TRAINED_FACTORS)
    infilled = infill(tf.constant(crops), tf.constant(factors))
    found = interpolate(infilled, tf.constant(factors), lattice.TRAINED_FACTORS).numpy()[..., 0]
    for crop, factor, image in zip(crops[..., 0], factors, found):
        expected = lattice_bilinear(lattice.downsample(crop, factor), crop.shape, factor)
        inside = slice(factor, -factor)
        np.testing.assert_allclose(image[inside, inside], expected[inside, inside], atol=2e-6)


@pytest.mark.parametrize("factor", lattice.TRAINED_FACTORS)
def test_inputs_are_of_the_published_codes_lattice(rng, factor):
    """Its formula in NumPy, at the positions that it was seen to sample."""
    crop = rng.random((512, 512)).astype(np.float32)
    filled = crop[np.ix_(*[trace("coverage")[f"index_{factor}"]] * 2)]
    expected = (filled - filled.min()) / np.ptp(filled)
    inputs = make_example(crop[None, :, :, None], tf.constant([factor]), "crop").inputs
    np.testing.assert_allclose(inputs[0, :, :, 0], expected, atol=1e-6)


@pytest.mark.parametrize(("name", "path"), [("truth1", "train/truth-1.tif"), ("truth3", "val/truth-3.tif")])
def test_inputs_match_the_published_code(name, path):
    crop, golden = scale_to_unit(real_image(path)), trace("inputs")
    for factor in (4, 5, 7, 10):
        example = make_example(crop[None, :, :, None], tf.constant([factor]), "crop")
        inputs = lattice.downsample(example.inputs.numpy()[0, :, :, 0], factor)
        np.testing.assert_allclose(inputs, golden[f"{name}_input_s{factor}"], atol=1e-6)


def test_inputs_span_0_to_1_by_the_samples_alone(crops):
    example = make_example(tf.constant(crops), tf.constant([4, 5, 6]), "crop")
    np.testing.assert_allclose(tf.reduce_min(example.inputs, (1, 2, 3)), 0)
    np.testing.assert_allclose(tf.reduce_max(example.inputs, (1, 2, 3)), 1)
    np.testing.assert_array_equal(example.target, crops)
    np.testing.assert_array_equal(example.weight, 1)


def test_scan_reference_puts_target_and_input_on_one_scale(crops):
    factors = tf.constant([4, 5, 6])
    example = make_example(tf.constant(crops), factors, "scan")
    np.testing.assert_allclose(example.inputs, infill(example.target, factors), atol=1e-6)
    np.testing.assert_allclose(to_crop_scale(example.target, example, "scan"), crops, atol=1e-6)


def test_weighted_errors_are_those_in_the_crops_scale(crops, rng):
    factors = tf.constant([4, 5, 6])
    example = make_example(tf.constant(crops), factors, "scan")
    outputs = tf.constant(rng.random(crops.shape), tf.float32)
    weighted = example.weight * tf.reduce_mean((outputs - example.target) ** 2, (1, 2, 3))
    in_crop_scale = tf.reduce_mean((to_crop_scale(outputs, example, "scan") - crops) ** 2, (1, 2, 3))
    np.testing.assert_allclose(weighted, in_crop_scale, rtol=1e-5)


def test_p_is_what_is_given(crops):
    factors = tf.constant([4, 7, 10])
    np.testing.assert_array_equal(make_example(tf.constant(crops), factors, "crop").p, [1, 1, 1])
    np.testing.assert_array_equal(
        make_example(tf.constant(crops), factors, "crop", tf.constant([3.0, 2, 1])).p, [3, 2, 1]
    )


@pytest.mark.parametrize("reference", ["crop", "scan"])
def test_a_scan_of_one_value_becomes_one_half(reference):
    crop = np.zeros((1, 64, 64, 1), np.float32)
    crop[0, 1, 0] = 1  # not on the lattice of factor 8
    example = make_example(tf.constant(crop), tf.constant([8]), reference)
    np.testing.assert_array_equal(example.inputs, 0.5)
    np.testing.assert_allclose(to_crop_scale(example.target, example, reference), crop, atol=1e-7)


def test_factors_are_drawn_alike_from_the_choice_and_repeatably():
    draws = np.array([draw_factors(tf.constant([k], tf.int64), (4, 5, 10), 7)[0] for k in range(300)])
    again = np.array([draw_factors(tf.constant([k], tf.int64), (4, 5, 10), 7)[0] for k in range(300)])
    np.testing.assert_array_equal(draws, again)
    values, counts = np.unique(draws, return_counts=True)
    np.testing.assert_array_equal(values, [4, 5, 10])
    assert counts.min() > 70
    assert len(set(draw_factors(tf.range(50, dtype=tf.int64), (4, 5, 10), 7).numpy())) == 3
