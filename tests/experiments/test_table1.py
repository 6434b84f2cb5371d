import pytest

from dlss_tf.config import preset
from experiments.table1 import intervals


def at(schedule, iteration):
    """What is in force at an iteration."""
    return [interval for interval in schedule if interval["from"] <= iteration][-1]


def test_table_1_as_published():
    schedule = intervals(preset("paper"))
    assert schedule[0] == {
        "from": 0,
        "generator_rate": 3e-4,
        "predictor_rate": 3e-4,
        "trainer_rate": 6e-4,
        "discriminator_rate": None,
        "beta1": 0.9,
        "predictor_beta1": 0.9,
        "discriminator_beta1": None,
    }
    assert at(schedule, 937_500)["generator_rate"] == pytest.approx(3e-4 / 8)
    assert at(schedule, 1_499_999)["predictor_rate"] is at(schedule, 1_499_999)["predictor_beta1"] is None
    last = at(schedule, 1_999_999)
    assert [last[name] for name in ("generator_rate", "trainer_rate", "discriminator_rate", "beta1")] == [
        pytest.approx(1e-4 / 8),
        pytest.approx(2e-4 / 8),
        1e-4,
        0.5,
    ]


def test_section_iv_as_published():
    schedule = intervals(preset("paper", "one-stage"))
    assert [tuple(interval.values()) for interval in schedule] == [
        (0, 1e-3, 0.9),
        (12_500, 5e-4, 0.9),
        (25_000, 2.5e-4, 0.9),
        (50_000, 2.5e-4, 0.5),
    ]


def test_a_shorter_run_has_the_same_intervals():
    long, short = intervals(preset("paper")), intervals(preset("quick"))
    assert len(long) == len(short)
    assert [interval["from"] for interval in short] == [round(i["from"] * 1.2e-3) for i in long]
