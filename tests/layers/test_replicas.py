"""What is defined over a batch; with several replicas it is tested by training.test_distribution."""

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.layers import replicas


@pytest.mark.parametrize(("batch", "count"), [(1, 1), (3, 2), (7, 4), (64, 64), (65, 64)])
def test_parts_are_all_of_the_batch_and_about_equal(batch, count):
    parts = [range(batch)[replicas.part(i, count, batch)] for i in range(count)]
    assert [i for part in parts for i in part] == list(range(batch))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1 and min(sizes) >= 1


def test_alone_nothing_is_added_to_a_graph():
    with tf.Graph().as_default() as graph:
        x = tf.ones([2, 3])
        before = len(graph.get_operations())
        assert all(function(x) is x for function in (replicas.own, replicas.total, replicas.share, replicas.everywhere))
        assert replicas.batch_size(x) is x
        assert len(graph.get_operations()) == before


def test_a_replica_that_has_all_of_the_batch():
    """`sharing` on one device: sums of one summand."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    x = tf.constant(np.random.default_rng(0).normal(3, 2, (5, 4)), tf.float32)

    def on_replica(x):
        with replicas.sharing(5):
            assert replicas.mine() == slice(0, 5) and replicas.batch_size(1) == 5
            return replicas.moments(x, [0]), replicas.mean(x, [0]), replicas.own(x), replicas.everywhere(x > 3)

    moments, mean, own, positive = strategy.run(on_replica, (x,))
    for found, expected in zip(moments, tf.nn.moments(x, [0])):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(mean, tf.reduce_mean(x, 0), rtol=1e-6)
    np.testing.assert_array_equal(own, x)
    np.testing.assert_array_equal(positive, x > 3)
