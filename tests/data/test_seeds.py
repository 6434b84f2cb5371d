import tensorflow as tf

from dlss_tf.data import seeds


def test_no_two_kinds_of_draw_share_a_key():
    """Near seeds' keys do not meet either; augmentation's few uses come after its salt."""
    salts = [
        seeds.FACTORS,
        seeds.PREDICTOR_CROPS,
        seeds.DISCRIMINATOR_CROPS,
        *range(seeds.AUGMENTATION, seeds.AUGMENTATION + 20),
    ]
    keys = [tuple(seeds.key(seed, salt, tf.constant(7, tf.int64)).numpy()) for seed in range(5) for salt in salts[:4]]
    assert len(set(keys)) == len(keys)
    assert len({salt // 1000 for salt in salts}) == 4
    assert seeds.key(3, seeds.FACTORS, tf.constant(9, tf.int64)).numpy().tolist() == [3 + 1_000_003, 9]
