import pytest
import tensorflow as tf

from dlss_tf.training.schedules import non_adversarial

# Table 1's non-adversarial rows, by hand: f falls by 1/8 every 62500 iterations from 5e5 on.
TABLE_1 = [
    (0, 1), (499_999, 1), (500_000, 1), (562_499, 1), (562_500, 7 / 8), (624_999, 7 / 8), (625_000, 6 / 8),
    (687_500, 5 / 8), (750_000, 4 / 8), (812_500, 3 / 8), (875_000, 2 / 8), (937_499, 2 / 8), (937_500, 1 / 8),
    (999_999, 1 / 8),
]  # fmt: skip


def at(iteration, iterations, rate=3e-4):
    schedule = non_adversarial(tf.constant(iteration, tf.int64), iterations, rate)
    return [float(value) for value in schedule]


@pytest.mark.parametrize(("iteration", "f"), TABLE_1)
def test_table_1(iteration, f):
    beta1 = 0.9 if iteration < 500_000 else 0.5 + 0.4 * f
    assert at(iteration, 1_000_000) == pytest.approx([3e-4 * f, 6e-4 * f, beta1], rel=1e-6)


@pytest.mark.parametrize(("iteration", "f"), TABLE_1)
def test_shorter_schedules_scale_every_boundary(iteration, f):
    if iteration % 500 == 0:
        assert at(iteration // 500, 2000, 1e-3) == pytest.approx([1e-3 * f, 2e-3 * f, 0.5 + 0.4 * f], rel=1e-6)
