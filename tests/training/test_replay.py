import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.training.replay import INSERTION_RATE, REPLAY_PROBABILITY, Replay

SIDE = 2


@pytest.fixture
def replay():
    replay = Replay(SIDE, seed=1)
    for i in range(replay.members):
        replay.fill(i, tf.fill([SIDE, SIDE, 1], float(i)), tf.constant(i % 7 + 4))
    return replay


def run(replay, errors, batch):
    """How many of each batch of a stream of errors were new, and how many were inserted, in one compiled loop."""

    def step(_, element):
        i, error = element
        crops = tf.fill([batch, SIDE, SIDE, 1], 1000.0 + tf.cast(i, tf.float32))
        crops, factors, fresh = replay.mix(crops, tf.fill([batch], 5), i)
        before = replay.crops.read_value()
        replay.insert(crops, factors, error, fresh, i)
        changed = tf.reduce_any(replay.crops != before, (1, 2, 3))
        return tf.math.count_nonzero(fresh), tf.math.count_nonzero(changed)

    @tf.function
    def stream(errors):
        elements = tf.range(len(errors), dtype=tf.int64), errors
        return tf.scan(step, elements, (tf.zeros([], tf.int64),) * 2, parallel_iterations=1)

    return [counts.numpy() for counts in stream(errors.reshape(-1, batch).astype(np.float32))]


@pytest.mark.parametrize("batch", [1, 4])
def test_replays_a_fifth_and_inserts_a_fifth_also_while_losses_drift(replay, rng, batch):
    n = 4000
    errors = np.exp(rng.normal(0, 1.5, n) - np.linspace(0, 4, n)) * 1e-3
    fresh, inserted = run(replay, errors, batch)
    assert fresh.sum() / n == pytest.approx(1 - REPLAY_PROBABILITY, abs=0.03)
    settled = slice(len(fresh) // 4, None)
    assert inserted[settled].sum() / fresh[settled].sum() == pytest.approx(INSERTION_RATE, abs=0.03)


def test_inserts_the_hardest(replay):
    replay.log_threshold.assign(np.log(0.5))
    crops = tf.reshape(tf.constant([100.0, 200.0, 300.0]), [3, 1, 1, 1]) * tf.ones([3, SIDE, SIDE, 1])
    fresh = tf.constant([True, True, False])
    replay.insert(crops, tf.constant([9, 10, 11]), tf.constant([0.1, 1.0, 1.0]), fresh, tf.constant(0, tf.int64))
    held = replay.crops[:, 0, 0, 0].numpy()
    assert (held == 200).sum() == 1
    assert not np.isin(held, [100, 300]).any()
    assert replay.factors.numpy()[held == 200] == 10


def test_members_keep_their_factors(replay):
    for i in range(40):
        crops, factors, fresh = replay.mix(
            tf.fill([2, SIDE, SIDE, 1], -1.0), tf.constant([99, 99]), tf.constant(i, tf.int64)
        )
        expected = np.where(fresh, 99, crops[:, 0, 0, 0].numpy().astype(int) % 7 + 4)
        np.testing.assert_array_equal(factors, expected)


def test_draws_depend_on_the_iteration_alone(replay):
    crops = tf.fill([8, SIDE, SIDE, 1], -1.0)
    first, again, other = (replay.mix(crops, tf.fill([8], 5), tf.constant(i, tf.int64))[0].numpy() for i in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_of_a_batch_larger_than_the_buffer_as_many_are_offered_as_there_are_places(replay):
    replay.log_threshold.assign(np.log(0.5))
    count = replay.members + 10
    crops = tf.reshape(100.0 + tf.range(float(count)), [count, 1, 1, 1]) * tf.ones([count, SIDE, SIDE, 1])
    replay.insert(crops, tf.fill([count], 5), tf.ones([count]), tf.fill([count], True), tf.constant(0, tf.int64))
    assert sorted(replay.crops[:, 0, 0, 0].numpy()) == list(range(100, 100 + replay.members))
