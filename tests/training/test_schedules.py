import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.config import ONE_STAGE_PRESETS, PRESETS
from dlss_tf.training.schedules import boundaries, constant, cosine, format_table, one_stage, table_1

# Table 1's first half, by hand, and from its own start the second: f falls by 1/8 every 62500 iterations from 5e5 on.
TABLE_1 = [
    (0, 1), (499_999, 1), (500_000, 1), (562_499, 1), (562_500, 7 / 8), (624_999, 7 / 8), (625_000, 6 / 8),
    (687_500, 5 / 8), (750_000, 4 / 8), (812_500, 3 / 8), (875_000, 2 / 8), (937_499, 2 / 8), (937_500, 1 / 8),
    (999_999, 1 / 8),
]  # fmt: skip


def at(iteration, iterations, rate=3e-4):
    return table_1(tf.constant(iteration, tf.int64), iterations, rate)


def expect(schedule, **values):
    assert {value.dtype for value in schedule} == {tf.float32}
    assert {name: float(getattr(schedule, name)) for name in values} == pytest.approx(values, rel=1e-6)


@pytest.mark.parametrize(("iteration", "f"), TABLE_1)
def test_table_1_first_half(iteration, f):
    beta1 = 0.9 if iteration < 500_000 else 0.5 + 0.4 * f
    rates = {"generator_rate": 3e-4 * f, "predictor_rate": 3e-4 * f, "trainer_rate": 6e-4 * f}
    expect(at(iteration, 1_000_000), **rates, discriminator_rate=0, beta1=beta1, predictor_beta1=0.9)


@pytest.mark.parametrize(("iteration", "f"), TABLE_1)
def test_table_1_second_half(iteration, f):
    rates = {"generator_rate": 1e-4 * f, "trainer_rate": 2e-4 * f, "discriminator_rate": 1e-4}
    schedule = at(1_000_000 + iteration, 1_000_000)
    expect(schedule, **rates, predictor_rate=0, beta1=0.5, discriminator_beta1=0.5)


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize(("iteration", "f"), TABLE_1)
def test_shorter_schedules_scale_every_boundary(iteration, f, half):
    if iteration % 500 == 0:
        rate = 1e-3 * f / (3 if half else 1)
        rates = {"generator_rate": rate, "trainer_rate": 2 * rate, "discriminator_rate": half * 1e-3 / 3}
        expect(at(iteration // 500 + 2000 * half, 2000, 1e-3), **rates)


@pytest.mark.parametrize("iterations", [8, 1001, 1200, 20_000])
def test_nothing_changes_between_boundaries(iterations):
    starts = [iteration for iteration, _ in boundaries(iterations)]
    step = max(1, iterations // 400)
    watched = sorted({*range(0, 2 * iterations, step), *starts, *(i - 1 for i in starts if i)})
    values = [[float(v) for v in at(i, iterations)] for i in watched]
    found = [0] + [i for i, before, now in zip(watched[1:], values, values[1:]) if before != now]
    decays = [iterations // 2, iterations + iterations // 2]  # begin with f = 1, which changes nothing
    assert found == [i for i in starts if i not in decays]


def test_format_table():
    lines = format_table(PRESETS["paper"]).splitlines()
    assert len(lines) == 1 + 2 * 9
    assert lines[1].split() == ["0", "0.0003", "0.0003", "0.0006", "-", "0.9", "0.9", "-"]
    assert lines[2].split()[:2] == ["500000", "0.0003"]
    assert lines[3].split() == ["562500", "0.0002625", "0.0002625", "0.000525", "-", "0.85", "0.9", "-"]
    assert lines[-1].split() == ["1937500", "1.25e-05", "-", "2.5e-05", "0.0001", "0.5", "-", "0.5"]


# Section IV, by hand.
SECTION_4 = [
    (0, 1e-3, 0.9), (12_499, 1e-3, 0.9), (12_500, 5e-4, 0.9), (24_999, 5e-4, 0.9), (25_000, 2.5e-4, 0.9),
    (37_500, 2.5e-4, 0.9), (49_999, 2.5e-4, 0.9), (50_000, 2.5e-4, 0.5), (99_999, 2.5e-4, 0.5), (100_000, 2.5e-4, 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("iteration", "rate", "beta1"), SECTION_4)
def test_one_stage(iteration, rate, beta1):
    schedule = one_stage(tf.constant(iteration, tf.int64), 100_000)
    assert {value.dtype for value in schedule} == {tf.float32}
    assert float(schedule.rate) == pytest.approx(rate, rel=1e-6)
    assert float(schedule.beta1) == pytest.approx(beta1, rel=1e-6)


@pytest.mark.parametrize(("iteration", "rate", "beta1"), SECTION_4)
def test_one_stage_scales_its_boundaries_and_rates(iteration, rate, beta1):
    # Of 800 iterations, each is 125 of 1e5; an iteration lies past a boundary exactly where its first one does.
    schedule = one_stage(tf.constant(iteration // 125, tf.int64), 800, 4e-3)
    assert [float(value) for value in schedule] == pytest.approx([4 * rate, beta1], rel=1e-6)


def test_format_table_of_a_one_stage_generator():
    lines = format_table(ONE_STAGE_PRESETS["paper"]).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["0", "0.001", "0.9"], ["12500", "0.0005", "0.9"], ["25000", "0.00025", "0.9"], ["50000", "0.00025", "0.5"],
    ]  # fmt: skip


def numbers(table):
    """A printed table without its head; NaN for dashes."""
    return np.array(
        [[np.nan if cell == "-" else float(cell) for cell in line.split()] for line in table.splitlines()[1:]]
    )


@pytest.mark.parametrize("name", PRESETS)
def test_every_presets_table_is_table_1_scaled(name):
    config = PRESETS[name]
    rows, published = numbers(format_table(config)), numbers(format_table(PRESETS["paper"]))
    scale = np.array([config.iterations / 1e6, *4 * [config.learning_rate / 3e-4], 1, 1, 1])
    np.testing.assert_allclose(rows[:, 0], np.ceil(published[:, 0] * scale[0]))
    np.testing.assert_allclose(rows[:, 1:], (published * scale)[:, 1:], rtol=1e-5)


def test_scan_grid_rate_rises_then_falls_as_a_cosine():
    rates = [float(cosine(tf.constant(i, tf.int64), 1000, 1e-3)) for i in (0, 15, 30, 500, 999)]
    assert rates[0] == 0
    np.testing.assert_allclose(rates[1:4], [4.99e-4, 9.98e-4, 5e-4], rtol=2e-3)
    assert 0 < rates[4] < 1e-8


def test_constant_rises_then_stays():
    rates = [float(constant(tf.constant(i, tf.int64), 1e-3)) for i in (0, 24, 49, 50, 1_000_000)]
    assert rates == pytest.approx([2e-5, 5e-4, 1e-3, 1e-3, 1e-3])
    assert format_table(PRESETS["quick"].replace(schedule="constant")).split() == [
        "from",
        "iteration",
        "G",
        "50",
        "0.0006",
    ]
